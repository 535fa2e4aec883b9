import type {
  BlobSlice,
  CallOptions,
  PulledBlob,
  PulledManifest,
  RegistryClient,
} from "../client/mod.ts";
import { isTidegateError } from "../core/mod.ts";
import type { Descriptor } from "../manifest/mod.ts";
import { formatReference, type Reference } from "../reference/mod.ts";
import type { ByteSink } from "../verify/mod.ts";
import type { CopyBlob, CopyDestination, CopySource, ManifestPlace } from "./endpoint.ts";
import { learnedBy } from "./learned.ts";
import { pipeReader } from "./pipe_reader.ts";
import { putRegistryBlob } from "./registry_blob.ts";
import type { RegistryImageOptions, RegistryPlace } from "./registry_place.ts";

/** An image of a registry: to copy from, or to. */
export type RegistryImage = CopySource & CopyDestination;

/**
 * An image of a registry, by tag or by digest.
 *
 * As a destination it takes a blob by a mount where the client has seen it in another repository of
 * the same registry, and otherwise by an upload, which goes on where an earlier one has left a
 * record.
 */
export function registryImage(
  client: RegistryClient,
  ref: Reference,
  options: RegistryImageOptions = {},
): RegistryImage {
  const { registry, repository } = ref;
  const name = formatReference(ref);
  const place: RegistryPlace = { client, ref, name, learned: learnedBy(client), options };
  return {
    name,
    isLocal: false,
    acceptsSparse: false,
    origin: { client, registry, repository },
    root: (options) => head(place, ref, options),
    named: (options) => getNamed(place, options),
    resolve: (tag, options) => look(place, tag === undefined ? ref : at(ref, { tag }), options),
    manifest: ({ digest }, options) => client.manifests.get(at(ref, { digest }), options),
    openBlob: (descriptor, options) => openBlob(place, descriptor, options),
    referrers: (digest, options) => client.referrers.list(at(ref, { digest }), options),
    tags: (callOptions) => listTags(place, callOptions),
    expects: ({ digest }) => place.learned.hasManifest(registry, repository, digest),
    hasManifest: async ({ digest }, options) =>
      await look(place, at(ref, { digest }), options) !== undefined,
    putBlob: (transfer) => putRegistryBlob(place, transfer),
    putManifest: (manifest, to, options) => putManifest(place, manifest, to, options),
  };
}

function at(
  { registry, repository }: Reference,
  what: Pick<Reference, "digest" | "tag">,
): Reference {
  return { registry, repository, ...what };
}

async function head(
  { client }: RegistryPlace,
  ref: Reference,
  options: CallOptions,
): Promise<Descriptor> {
  const { digest, mediaType, size } = await client.manifests.head(ref, options);
  return { digest, mediaType, size };
}

/** Only what the registry calls so itself, now: a cache may have what the tag meant before. */
async function getNamed(
  { client, ref }: RegistryPlace,
  options: CallOptions,
): Promise<PulledManifest | undefined> {
  const pulled = await client.manifests.get(ref, options);
  return pulled.announced === pulled.digest ? pulled : undefined;
}

/** Who may not look is told so when he writes: many registries hide what is not there. */
async function look(
  place: RegistryPlace,
  ref: Reference,
  options: CallOptions,
): Promise<Descriptor | undefined> {
  try {
    return await head(place, ref, options);
  } catch (error) {
    const isHidden = isTidegateError(error, "NOT_FOUND") || isTidegateError(error, "FORBIDDEN") ||
      isTidegateError(error, "UNAUTHORIZED");
    if (isHidden) return undefined;
    throw error;
  }
}

/** From any offset; what is before it does not come again, unless the registry serves no ranges. */
function openBlob(
  { client, ref }: RegistryPlace,
  { digest, size }: Descriptor,
  { signal }: CallOptions,
): CopyBlob {
  const get = (start: number, end?: number): Promise<PulledBlob> => {
    const range = { start, ...(end !== undefined && { end: end - 1 }) };
    return client.blobs.get(ref, digest, { size, range, unverified: true, signal });
  };
  const pipeTo = async (start: number, sink: ByteSink): Promise<void> => {
    if (start >= size) return await sink.close();
    const blob = await get(start).catch((error: unknown) => {
      if (start === 0 || !refusesRanges(error)) throw error;
    });
    if (blob !== undefined) await blob.pipeTo(sink);
    else await (await get(0)).pipeTo(withoutFirst(start, sink));
  };
  return {
    size,
    async slice(start, end): Promise<BlobSlice> {
      return start >= size ? new Uint8Array(0) : (await get(start, end)).stream;
    },
    read: (start) => pipeReader((sink) => pipeTo(start, sink)),
    pipeTo,
  };
}

/** Ranges are ignored, and more would be thrown away than is done unasked; or they are refused. */
function refusesRanges(error: unknown): boolean {
  return isTidegateError(error, "RESUME_FAILED") ||
    isTidegateError(error, "RANGE_NOT_SATISFIABLE") ||
    (isTidegateError(error, "UNEXPECTED_RESPONSE") && error.details.status === 400);
}

/** A sink that drops so many bytes before the first that it hands on. */
function withoutFirst(count: number, sink: ByteSink): ByteSink {
  let left = count;
  return {
    borrows: sink.borrows ?? false,
    async write(chunk): Promise<void> {
      const dropped = Math.min(left, chunk.length);
      left -= dropped;
      if (dropped < chunk.length) await sink.write(chunk.subarray(dropped));
    },
    close: () => sink.close(),
    abort: (reason) => sink.abort(reason),
  };
}

async function* listTags(
  { client, options: { knownTags }, ref }: RegistryPlace,
  options: CallOptions,
): AsyncGenerator<string, void> {
  if (knownTags !== undefined) yield* knownTags;
  else yield* client.tags.list(ref, options);
}

async function putManifest(
  { client, learned, ref }: RegistryPlace,
  { bytes, digest, mediaType }: PulledManifest,
  to: ManifestPlace,
  { signal }: CallOptions,
): Promise<readonly string[]> {
  const { registry, repository } = ref;
  const isRoot = to.role === "root";
  const tag = isRoot ? ref.tag : to.role === "digest-tag" ? to.tag : undefined;
  const named = { registry, repository, digest, ...(tag !== undefined && { tag }) };
  const tags = isRoot ? to.tags : [];
  const pushed = await client.manifests.put(named, bytes, { mediaType, tags, signal });
  learned.sawManifest(registry, repository, digest);
  return pushed.tags;
}
