import { readResponse, TidegateError } from "../core/mod.ts";
import { pullManifestRequest, readPullManifestHead } from "../distribution/mod.ts";
import {
  type Descriptor,
  isImageMediaType,
  isIndexMediaType,
  parseManifest,
  type Platform,
} from "../manifest/mod.ts";
import { observe } from "../observability/mod.ts";
import { formatReference, type Reference } from "../reference/mod.ts";
import { verifyBytes } from "../verify/mod.ts";
import type { RepositoryConnection } from "./connection.ts";
import type { CallOptions, ClientContext } from "./context.ts";
import { digestLike } from "./digest_like.ts";
import { runOperation } from "./operation.ts";
import { resolvePlatform } from "./options.ts";
import type { PulledManifest } from "./pulled_manifest.ts";
import { responseFailure } from "./response_failure.ts";

/** How a manifest is got. */
export interface GetManifestOptions extends CallOptions {
  /** Go on from an index to the manifest for this platform. Default is to return the index. */
  readonly platform?: Platform | string | undefined;
}

/** Most indexes on the way from a reference to an image. */
export const MAX_INDEX_DEPTH = 4; // an index of indexes is allowed; nobody nests deeper than two

/**
 * Get a manifest and verify it against what was asked for (end-3).
 *
 * By digest, the bytes must have it: `name:tag@digest` is by digest. By tag, the digest is computed
 * from the bytes; a `Docker-Content-Digest` that says otherwise is an event, not an error, as many
 * registries get it wrong.
 *
 * @throws {TidegateError} DIGEST_MISMATCH, BLOB_SIZE_MISMATCH (against an index entry),
 * LIMIT_EXCEEDED, INVALID_MANIFEST, AMBIGUOUS_MANIFEST, UNSUPPORTED, PLATFORM_NOT_FOUND, or what
 * the registry answered.
 */
export async function getManifest(
  context: ClientContext,
  ref: Reference,
  options: GetManifestOptions = {},
): Promise<PulledManifest> {
  const platform = resolvePlatform(options.platform);
  return await runOperation(
    context,
    "manifest.get",
    ref,
    (context) => findManifest(context, ref, platform, options),
  );
}

async function findManifest(
  context: ClientContext,
  ref: Reference,
  platform: Platform | undefined,
  options: CallOptions,
): Promise<PulledManifest> {
  const connection = context.connect(ref);
  let pulled = await pullManifest(context, connection, ref, options);
  for (let depth = 0; platform && pulled.manifest.kind === "index"; depth++) {
    if (depth === MAX_INDEX_DEPTH) throw tooDeep();
    const { selectPlatform } = await import("./index_entry.ts");
    const descriptor = selectPlatform(pulled.manifest, platform);
    pulled = await pullDescribed(context, connection, ref, descriptor, options);
  }
  return pulled;
}

/** Get the manifest that an index entry describes. */
export async function pullDescribed(
  context: ClientContext,
  connection: RepositoryConnection,
  { registry, repository }: Reference,
  descriptor: Descriptor,
  options: CallOptions,
): Promise<PulledManifest> {
  const { digest, size } = descriptor;
  const child = { registry, repository, digest };
  const pulled = await pullManifest(context, connection, child, options, size);
  assertKind(pulled, descriptor);
  return { ...pulled, descriptor };
}

/** An index decides what its entry is; a document that says otherwise has two readings. */
function assertKind({ manifest }: PulledManifest, { digest, mediaType }: Descriptor): void {
  const told = isIndexMediaType(mediaType)
    ? "index"
    : isImageMediaType(mediaType)
    ? "image"
    : manifest.kind;
  if (told === manifest.kind) return;
  const reason = `is listed as ${told}, but shaped as ${manifest.kind}`;
  throw new TidegateError("AMBIGUOUS_MANIFEST", `Manifest is ambiguous: ${digest} ${reason}`, {
    input: digest,
    reason,
  });
}

/** Out of the cache, if there is one and it has it. */
async function pullManifest(
  context: ClientContext,
  connection: RepositoryConnection,
  ref: Reference,
  options: CallOptions,
  size?: number,
): Promise<PulledManifest> {
  const pull = (): Promise<PulledManifest> =>
    requestManifest(context, connection, ref, options, size);
  if (context.settings.cache === undefined || context.isWriting) return await pull();
  const { cachedManifest } = await import("./cached_manifest.ts");
  return await cachedManifest(context, connection, ref, { ...options, size }, pull);
}

async function requestManifest(
  { operation, settings }: ClientContext,
  { send, target, upstream: { name: upstream } }: RepositoryConnection,
  ref: Reference,
  { signal }: CallOptions,
  size?: number,
): Promise<PulledManifest> {
  const { clock, limits, observer, resume: { stallMs } } = settings;
  const image = formatReference(ref);
  const wanted = ref.digest ?? ref.tag ?? "latest";
  const response = await send(pullManifestRequest(target, wanted, { signal }));
  if (response.status !== 200) throw await responseFailure(response, image, clock, signal);
  const reading = { what: "manifest", maximum: limits.manifestBytes, clock, stallMs, signal };
  const bytes = await readResponse(response, reading);
  const head = readPullManifestHead(response.status, response.headers);
  if (ref.digest !== undefined) await verifyBytes(bytes, { digest: ref.digest, size });
  // in the algorithm that the registry names it by
  const digest = ref.digest ?? await digestLike(head.digest, bytes);
  const announced = ref.digest === undefined ? head.digest : undefined;
  if (announced !== undefined && announced !== digest) {
    observe(observer, {
      type: "digest.header_wrong",
      upstream,
      announced,
      computed: digest,
    });
  }
  const manifest = parseManifest(bytes, { contentType: head.mediaType });
  const verified = { upstream, digest, size: bytes.length, operation };
  observe(observer, { type: "manifest.verified", ...verified });
  return { digest, mediaType: manifest.mediaType, size: bytes.length, bytes, manifest, announced };
}

/** The error for indexes nested deeper than that. */
export function tooDeep(): TidegateError<"LIMIT_EXCEEDED"> {
  return new TidegateError("LIMIT_EXCEEDED", `Indexes nest deeper than ${MAX_INDEX_DEPTH}`, {
    limit: "index depth",
    maximum: MAX_INDEX_DEPTH,
  });
}
