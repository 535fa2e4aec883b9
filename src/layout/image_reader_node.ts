import { isTidegateError, MAX_MANIFEST_BYTES, TidegateError, tooLong } from "../core/mod.ts";
import { type Descriptor, type Manifest, parseManifest } from "../manifest/mod.ts";
import {
  type Digest,
  formatReference,
  parseDigest,
  tryParseDigest,
  tryParseReference,
} from "../reference/mod.ts";
import { verifyBytes } from "../verify/mod.ts";
import { onDisk } from "./disk_node.ts";
import { corrupt, fileBlob, type FilePart } from "./file_blob_node.ts";
import type { LayoutBlob, LayoutEntry, LayoutReader } from "./layout.ts";
import type { LayoutIndex } from "./layout_index.ts";
import { isManifest } from "./manifest_tree.ts";
import { readPart } from "./read_file_node.ts";

/** A blob that is there. */
export interface Located extends FilePart {
  readonly size: number;
  /** Its content, where it is in no file. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
}

/** What a directory and an archive differ in. */
export interface BlobStore {
  readonly path: string;
  /** The index as it is now. */
  index(): Promise<LayoutIndex>;
  /** Where a blob is; undefined where it is not. */
  locate(digest: Digest): Promise<Located | undefined>;
}

/** The reading half of a layout, over what has its index and its blobs. */
export function createImageReader(store: BlobStore): LayoutReader {
  const subjects = new Map<Digest, Digest | undefined>(); // a digest's cannot change
  const names = async (): Promise<LayoutEntry[]> =>
    (await store.index()).lines.map(({ entry }) => entry);
  return {
    path: store.path,
    names,
    async resolve(name): Promise<Descriptor | undefined> {
      const entries = await names();
      const digest = name === undefined ? undefined : tryParseDigest(name);
      if (digest !== undefined) return await describe(store, entries, digest);
      if (name === undefined) return onlyEntry(store.path, entries);
      return findEntry(entries, name)?.descriptor;
    },
    manifest: async (digest) => {
      const found = await readManifest(store, parseDigest(digest));
      return found && { bytes: found.raw, mediaType: found.mediaType, digest };
    },
    async hasBlob({ digest, size }): Promise<boolean> {
      return (await store.locate(parseDigest(digest)))?.size === size;
    },
    async openBlob(blob, { verify = true } = {}): Promise<LayoutBlob> {
      const found = await store.locate(parseDigest(blob.digest));
      if (found === undefined) throw notFound(store.path, `blob ${blob.digest}`);
      if (found.size === blob.size) {
        return found.bytes ? memoryBlob(found.bytes) : fileBlob(found, blob, verify);
      }
      const reason = `it has ${found.size} bytes, but must have ${blob.size}`;
      throw corrupt(found.label, blob.digest, reason);
    },
    async referrers(digest): Promise<readonly Descriptor[]> {
      const found: Descriptor[] = [];
      for (const { descriptor } of await names()) {
        if (await subjectOf(store, descriptor, subjects) !== digest) continue;
        found.push(await describeReferrer(store, descriptor));
      }
      return found;
    },
  };
}

/** What an entry refers to, if it is a manifest that does. */
async function subjectOf(
  store: BlobStore,
  entry: Descriptor,
  known: Map<Digest, Digest | undefined>,
): Promise<Digest | undefined> {
  const { digest } = entry;
  if (!isManifest(entry) || known.has(digest)) return known.get(digest);
  const manifest = await readManifest(store, digest);
  if (manifest !== undefined) known.set(digest, manifest.subject?.digest);
  return manifest?.subject?.digest;
}

/** The error for what is not there. */
export function notFound(path: string, what: string): TidegateError<"CACHE_NOT_FOUND"> {
  return new TidegateError("CACHE_NOT_FOUND", `${path} has no ${what}`, { path, what });
}

/**
 * A manifest, verified and parsed; undefined when it is not there.
 * @throws {TidegateError} CACHE_CORRUPT; INVALID_MANIFEST; LIMIT_EXCEEDED above 4 MiB.
 */
export async function readManifest(
  store: BlobStore,
  digest: Digest,
): Promise<Manifest | undefined> {
  const found = await store.locate(digest);
  if (found === undefined) return undefined;
  const { path, start, size, label, bytes: held } = found;
  if (size > MAX_MANIFEST_BYTES) throw tooLong("manifest", MAX_MANIFEST_BYTES);
  const bytes = held ?? await onDisk(label, () => readPart(path, start, size));
  if (bytes === undefined) throw corrupt(label, digest, "it became shorter");
  await verifyBytes(bytes, { digest }).catch((cause) => {
    throw corrupt(label, digest, cause.message, cause);
  });
  return parseManifest(bytes);
}

function memoryBlob(bytes: Uint8Array<ArrayBuffer>): LayoutBlob {
  return {
    size: bytes.length,
    slice: (start, end) => new Blob([bytes]).slice(start, end).stream(),
  };
}

/** A descriptor of a manifest that no entry has; undefined where the digest is none of a manifest's. */
async function describe(
  store: BlobStore,
  entries: readonly LayoutEntry[],
  digest: Digest,
): Promise<Descriptor | undefined> {
  const entry = entries.find(({ descriptor }) => descriptor.digest === digest);
  if (entry !== undefined) return entry.descriptor;
  try {
    const manifest = await readManifest(store, digest);
    return manifest && { mediaType: manifest.mediaType, digest, size: manifest.raw.length };
  } catch (error) {
    if (isTidegateError(error, "CACHE_CORRUPT") || isTidegateError(error, "CACHE_IO")) throw error;
    return undefined; // another blob
  }
}

function onlyEntry(path: string, entries: readonly LayoutEntry[]): Descriptor | undefined {
  const named = entries.filter(({ name }) => name !== undefined);
  const images = named.length > 0 ? named : entries;
  if (new Set(images.map(({ descriptor }) => descriptor.digest)).size <= 1) {
    return images[0]?.descriptor;
  }
  const list = images.map(({ name, descriptor }) => name ?? descriptor.digest);
  throw notFound(
    path,
    `image without a name, but ${images.length}: ${list.slice(0, 10).join(", ")}`,
  );
}

/** The entry of a name: the same text, else the same reference, so that `nginx` finds its full name. */
export function findEntry(
  entries: readonly LayoutEntry[],
  name: string,
): LayoutEntry | undefined {
  const exact = entries.find((entry) => entry.name === name);
  const wanted = fullName(name);
  if (exact !== undefined || wanted === undefined) return exact;
  return entries.find((entry) => fullName(entry.name ?? "") === wanted);
}

function fullName(name: string): string | undefined {
  const reference = tryParseReference(name);
  return reference && formatReference(reference);
}

/**
 * What a list of referrers says of one.
 * @see {@link https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers | distribution-spec, Listing Referrers}
 */
async function describeReferrer(store: BlobStore, entry: Descriptor): Promise<Descriptor> {
  const manifest = await readManifest(store, entry.digest);
  const { mediaType, digest, size } = entry;
  const config = manifest?.kind === "image" ? manifest.config.mediaType : undefined;
  const artifactType = manifest?.artifactType ?? config;
  return {
    ...{ mediaType, digest, size },
    ...(artifactType && { artifactType }),
    ...(manifest?.annotations && { annotations: manifest.annotations }),
  };
}
