import { type RegistryResponse, TidegateError, tooLong } from "../core/mod.ts";
import {
  missingBlobsError,
  type PushedManifestHead,
  type PushManifestOptions,
  pushManifestRequest,
  readPushManifest,
  responseError,
} from "../distribution/mod.ts";
import { type Manifest, parseManifest } from "../manifest/mod.ts";
import type { Digest } from "../reference/mod.ts";
import { discard } from "../transport/mod.ts";
import { forgetCached } from "./cached_manifest.ts";
import type { RepositoryConnection } from "./connection.ts";
import type { ClientContext } from "./context.ts";
import { digestLike } from "./digest_like.ts";
import { failureFacts } from "./response_failure.ts";

/** A manifest that may be pushed: checked, and its digest computed from its bytes. */
export interface PreparedManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  /** What is sent: nobody else holds them. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly manifest: Manifest;
}

/** What is known of a manifest before it is looked at. */
export interface ManifestExpectation {
  readonly digest?: Digest | undefined;
  readonly mediaType?: string | undefined;
}

/**
 * Check a manifest's bytes before any of them is sent.
 *
 * @param maximum Most bytes.
 * @throws {TidegateError} LIMIT_EXCEEDED; DIGEST_MISMATCH against the digest expected;
 * INVALID_MANIFEST, AMBIGUOUS_MANIFEST or UNSUPPORTED.
 */
export async function prepareManifest(
  content: Uint8Array,
  expected: ManifestExpectation,
  maximum: number,
): Promise<PreparedManifest> {
  if (content.length > maximum) throw tooLong("manifest", maximum);
  const bytes = content.slice(); // the caller may go on writing to its own
  const digest = await digestLike(expected.digest, bytes);
  if (expected.digest !== undefined && expected.digest !== digest) {
    const message = `The manifest has ${digest}, not ${expected.digest}`;
    const details = { expected: expected.digest, computed: digest };
    throw new TidegateError("DIGEST_MISMATCH", message, details);
  }
  const manifest = parseManifest(bytes, { contentType: expected.mediaType });
  return { digest, mediaType: manifest.mediaType, bytes, manifest };
}

/**
 * Push a prepared manifest under one tag or digest.
 *
 * @throws {TidegateError} DIGEST_MISMATCH when the registry says that it keeps something else;
 * MANIFEST_BLOB_UNKNOWN; what else it answers.
 */
export async function sendManifest(
  context: ClientContext,
  connection: RepositoryConnection,
  reference: string,
  { bytes, digest, mediaType }: PreparedManifest,
  options: PushManifestOptions = {},
): Promise<PushedManifestHead> {
  const { send, target } = connection;
  const response = await send(pushManifestRequest(target, reference, bytes, mediaType, options));
  const image = `${target.repository}${reference === digest ? "@" : ":"}${reference}`;
  await acceptPush(context, response, image, options.signal);
  const head = readPushManifest(response.status, response.headers);
  await forgetCached(context, connection);
  await assertKept(head.digest, digest, bytes);
  return head;
}

/** Give up the body of an answer to a push, or throw the error that it is. */
export async function acceptPush(
  { settings: { clock } }: ClientContext,
  response: RegistryResponse,
  image: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (response.status === 201 || response.status === 202) return discard(response, clock);
  const facts = await failureFacts(response, clock, signal);
  throw missingBlobsError(facts, image) ?? responseError(facts, image);
}

/** Registries may leave the digest out, or name it by another algorithm; not another one. */
async function assertKept(
  told: Digest | undefined,
  digest: Digest,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  if (told === undefined || told === digest) return;
  const computed = await digestLike(told, bytes);
  if (computed === told) return;
  const message = `The registry keeps ${told} for a manifest that has ${computed}`;
  throw new TidegateError("DIGEST_MISMATCH", message, { expected: computed, computed: told });
}
