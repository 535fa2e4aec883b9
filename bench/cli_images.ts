import { createHash, randomFillSync } from "node:crypto";
import { createRegistryClient, type RegistryClient } from "../src/client/mod.ts";
import { parseReference } from "../src/reference/mod.ts";

const MIB = 1024 * 1024;
const LARGE_LAYERS = 8;
/** Of the image with large layers. */
export const LARGE_BYTES: number = 1024 * MIB;
const REPOSITORIES = 20;
const TAGS = 10;
const SMALL_BYTES: number = 16 * 1024;
const SHARED_BYTES: number = 64 * 1024;

/** Repository and tag of the image with large layers. */
export const LARGE_IMAGE = "bench/large:v1";
/** What 200 small images are named. */
export const SMALL_REPOSITORIES: readonly string[] = Array.from(
  { length: REPOSITORIES },
  (_, i) => `small${i}`,
);
export const SMALL_TAGS: readonly string[] = Array.from({ length: TAGS }, (_, i) => `v${i}`);

interface Part {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** Put 1 GiB in 8 layers into a registry. */
export async function seedLarge(origin: string): Promise<void> {
  const registry = createRegistryClient();
  const layers: Part[] = [];
  for (let i = 0; i < LARGE_LAYERS; i++) {
    const bytes = noise(LARGE_BYTES / LARGE_LAYERS);
    layers.push(await putLayer(registry, imageAt(origin, LARGE_IMAGE), bytes));
  }
  await putImage(registry, imageAt(origin, LARGE_IMAGE), layers, "large");
}

/** Put 200 images of a few KiB into a registry: one layer is in all of them, one in one. */
export async function seedSmall(origin: string): Promise<void> {
  const registry = createRegistryClient();
  const shared = noise(SHARED_BYTES);
  for (const repository of SMALL_REPOSITORIES) {
    for (const tag of SMALL_TAGS) {
      const image = imageAt(origin, `bench/${repository}:${tag}`);
      const layers = [
        await putLayer(registry, image, shared),
        await putLayer(registry, image, noise(SMALL_BYTES)),
      ];
      await putImage(registry, image, layers, `${repository}:${tag}`);
    }
  }
}

/** A name without a scheme: `127.0.0.1:5000/bench/large:v1`. */
export function imageAt(origin: string, image: string): string {
  return `${new URL(origin).host}/${image}`;
}

/** It starts as gzip does: what looks compressed, the peers send as it is. */
function noise(size: number): Uint8Array<ArrayBuffer> {
  const bytes = randomFillSync(new Uint8Array(size));
  bytes.set([0x1f, 0x8b, 8, 0]);
  return bytes;
}

async function putLayer(
  registry: RegistryClient,
  image: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Part> {
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  await registry.blobs.put(parseReference(image), bytes, { digest });
  const mediaType = "application/vnd.oci.image.layer.v1.tar+gzip";
  return { mediaType, digest, size: bytes.length };
}

async function putImage(
  registry: RegistryClient,
  image: string,
  layers: readonly Part[],
  author: string,
): Promise<void> {
  const diff_ids = layers.map(({ digest }) => digest); // nobody unpacks them
  const rootfs = { type: "layers", diff_ids };
  const config = encode({ architecture: "amd64", os: "linux", author, rootfs });
  const { digest, size } = await putLayer(registry, image, config);
  const manifest = {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: { mediaType: "application/vnd.oci.image.config.v1+json", digest, size },
    layers,
  };
  await registry.manifests.put(parseReference(image), encode(manifest), {
    mediaType: manifest.mediaType,
  });
}

function encode(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value));
}
