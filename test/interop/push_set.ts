import {
  type BlobSource,
  createRegistryClient,
  type ImageSource,
  type RegistryClient,
} from "../../src/client/mod.ts";
import type { Descriptor } from "../../src/manifest/mod.ts";
import { parseReference, type Reference } from "../../src/reference/mod.ts";

/** An OCI image layout, wherever its files are. */
export interface PushLayout {
  /** A small file: the index, a manifest. */
  read(path: string): Promise<Uint8Array>;
  /** A blob, to be read when its bytes are needed. */
  open(path: string, size: number): Promise<BlobSource | Uint8Array>;
}

/** What was pushed, as the library told it. */
export interface PushReport {
  /** Digest of each image, by the name that the layout gives it. */
  readonly images: Record<string, string>;
  /** Digests of the artifact that was attached to `one`, and of its only layer. */
  readonly artifact: { readonly digest: string; readonly layer: string; readonly listedBy: string };
  /** Requests that carried bytes, by the digest of the blob that was sent. */
  readonly requests: Record<string, number>;
}

/** Pushed blob by blob and by its manifest's bytes; every other image by `pushImage`. */
export const BY_HAND = "parts";
/** Most bytes of a request of {@linkcode BY_HAND}. */
export const PART_BYTES: number = 1024 * 1024;
export const SBOM = '{"bomFormat":"CycloneDX","components":[]}';

/**
 * Push every image of a layout to repositories of their own, and attach an artifact to one: the same
 * work on every runtime.
 *
 * @param at Registry and namespace, without a slash at the end.
 */
export async function pushSet(layout: PushLayout, at: string): Promise<PushReport> {
  const requests: Record<string, number> = {};
  const registry = createRegistryClient({
    observer(event): void {
      if (event.type === "upload.finished") requests[event.digest ?? ""] = event.chunks ?? 0;
    },
  });
  const images: Record<string, string> = {};
  for (const [name, digest] of await namesOf(layout)) {
    const ref = parseReference(`${at}/${name}:latest`);
    images[name] = name === BY_HAND
      ? await pushByHand(registry, ref, layout, digest)
      : (await registry.pushImage(ref, sourceOf(layout, digest), { concurrency: 2 })).root.digest;
  }
  const content = new TextEncoder().encode(SBOM);
  const mediaType = "application/vnd.cyclonedx+json";
  const { digest, listedBy } = await registry.referrers.attach(
    parseReference(`${at}/one:latest`),
    { artifactType: mediaType, layers: [{ mediaType, content }] },
  );
  const { digest: layer } = await registry.blobs.put(parseReference(`${at}/one`), content);
  return { images, artifact: { digest, layer, listedBy }, requests };
}

/** Names of the layout's images, and their digests. */
async function namesOf(layout: PushLayout): Promise<[string, string][]> {
  const { manifests } = await readJson<{
    manifests: { digest: string; annotations: Record<string, string> }[];
  }>(layout, "index.json");
  return manifests.map(({ digest, annotations }) => [
    annotations["org.opencontainers.image.ref.name"] ?? "",
    digest,
  ]);
}

function sourceOf(layout: PushLayout, root: string): ImageSource {
  return {
    manifest: async (digest = root as Descriptor["digest"]) => ({
      bytes: await layout.read(pathOf(digest)),
      digest,
    }),
    openBlob: ({ digest, size }) => layout.open(pathOf(digest), size),
  };
}

/** Streams of unknown size whose digest nobody tells, in parts; a manifest as bytes; a second tag. */
async function pushByHand(
  registry: RegistryClient,
  ref: Reference,
  layout: PushLayout,
  root: string,
): Promise<string> {
  const bytes = await layout.read(pathOf(root));
  const { config, layers } = JSON.parse(new TextDecoder().decode(bytes)) as {
    config: Descriptor;
    layers: Descriptor[];
  };
  for (const { digest, size } of [config, ...layers]) {
    const opened = await layout.open(pathOf(digest), size);
    const stream = opened instanceof Uint8Array ? opened : await opened.slice(0);
    const pushed = await registry.blobs.put(ref, stream, { chunkBytes: PART_BYTES });
    if (pushed.digest !== digest) throw new Error(`${digest} became ${pushed.digest}`);
  }
  await registry.manifests.put(ref, bytes);
  return (await registry.tags.put(ref, "again")).digest;
}

async function readJson<T>(layout: PushLayout, path: string): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await layout.read(path))) as T;
}

function pathOf(digest: string): string {
  return `blobs/${digest.replace(":", "/")}`;
}
