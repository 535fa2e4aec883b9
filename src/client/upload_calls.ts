import { type RegistryRequest, TidegateError } from "../core/mod.ts";
import {
  cancelUploadRequest,
  pullBlobRequest,
  readPullBlobHead,
  readUploadStart,
  readUploadStatus,
  startUploadRequest,
  type UploadSession,
  type UploadStart,
  uploadStatusRequest,
} from "../distribution/mod.ts";
import { type Digest, digestAlgorithm } from "../reference/mod.ts";
import { discard } from "../transport/mod.ts";
import type { RepositoryConnection } from "./connection.ts";
import type { ClientContext } from "./context.ts";
import { responseFailure } from "./response_failure.ts";
import { baseOf, permitLocation } from "./upload_location.ts";

/** What every call of one push works with. */
export interface PushScope {
  readonly context: ClientContext;
  readonly connection: RepositoryConnection;
  /** What is pushed, for messages. */
  readonly image: string;
  readonly signal: AbortSignal | undefined;
}

/**
 * A session whose location is permitted. Credentials never go to another origin than the registry's
 * own: that is for the transport to see to.
 *
 * @throws {TidegateError} ORIGIN_NOT_TRUSTED or INVALID_RESPONSE.
 */
export function permitSession(
  { context: { settings: { observer } }, connection: { target, upstream } }: PushScope,
  session: UploadSession,
  from: string,
): UploadSession {
  const location = permitLocation({ upstream, observer }, target, session.location, from);
  return { ...session, location };
}

/**
 * Send what may start an upload: end-4a, end-4b or end-11.
 * @throws {TidegateError} What the registry answers; INVALID_RESPONSE; ORIGIN_NOT_TRUSTED.
 */
export async function sendStart(scope: PushScope, request: RegistryRequest): Promise<UploadStart> {
  const { connection, context: { settings: { clock } }, image, signal } = scope;
  const response = await connection.send(request);
  const { status, headers } = response;
  if (status < 200 || status > 299) throw await responseFailure(response, image, clock, signal);
  discard(response, clock);
  const from = baseOf(request, response);
  const start = readUploadStart(status, headers, from);
  if (start.state === "created") return start;
  return { ...start, session: permitSession(scope, start.session, from) };
}

/** A fresh session, with nothing in it. */
export async function openSession(
  scope: PushScope,
  algorithm: "sha256" | "sha512",
): Promise<UploadSession> {
  const { connection: { target }, signal } = scope;
  const named = algorithm === "sha256" ? undefined : algorithm; // what everybody assumes needs no word
  const start = await sendStart(scope, startUploadRequest(target, { algorithm: named, signal }));
  if (start.state === "open") return start.session;
  const reason = "answered 201 to the start of an upload of nothing";
  throw new TidegateError("UPLOAD_FAILED", `${target.origin} ${reason}`, { reason });
}

/** What the registry has of an upload. */
export type UploadStatus =
  | { readonly state: "known"; readonly session: UploadSession }
  /** It knows no such upload any more. */
  | { readonly state: "gone" }
  /** It does not tell: it has no end-13. */
  | { readonly state: "untold" };

/**
 * Ask how much has arrived (end-13).
 * @throws {TidegateError} UNAUTHORIZED, FORBIDDEN, SERVER_ERROR, NETWORK_ERROR…
 */
export async function askStatus(scope: PushScope, location: string): Promise<UploadStatus> {
  const { connection: { send, target }, context: { settings: { clock } }, image, signal } = scope;
  const request = uploadStatusRequest(target, location, { signal });
  const response = await send(request);
  const { status, headers } = response;
  if ([200, 202, 204].includes(status)) {
    discard(response, clock);
    const from = baseOf(request, response);
    const session = permitSession(scope, readUploadStatus(status, headers, from), from);
    return { state: "known", session };
  }
  if (![400, 404, 405, 410, 416, 501].includes(status)) {
    throw await responseFailure(response, image, clock, signal);
  }
  discard(response, clock);
  return { state: status === 404 || status === 410 ? "gone" : "untold" };
}

const CANCEL_MS = 5_000; // for the registry's good, not worth a long wait

/** Give an upload up, as well as it goes (end-14). Never rejects. */
export async function cancelSession(scope: PushScope, location: string): Promise<void> {
  const { connection: { send, target }, context: { settings: { clock } } } = scope;
  const controller = new AbortController(); // not the caller's signal, which may be why
  const stop = clock.after(CANCEL_MS, () => controller.abort());
  try {
    const request = cancelUploadRequest(target, location, { signal: controller.signal });
    discard(await send(request), clock);
  } catch {
    // it lapses by itself
  } finally {
    stop();
  }
}

/**
 * Whether the blob is there, with the length that it must have; its length if so.
 *
 * @param size The length, if known: another one is another blob.
 * @throws {TidegateError} What the registry answers, but for "not found" and "not allowed to look".
 */
export async function findBlob(
  scope: PushScope,
  digest: Digest,
  size: number | undefined,
): Promise<number | undefined> {
  const { connection: { send, target }, context: { settings: { clock } }, image, signal } = scope;
  const request = pullBlobRequest(target, digest, { method: "HEAD", signal });
  // with the scope of the push, so that one token serves both
  const { scopes } = startUploadRequest(target);
  const response = await send({ ...request, scopes });
  const { status, headers } = response;
  if (status === 401 || status === 429 || status >= 500) {
    throw await responseFailure(response, image, clock, signal);
  }
  discard(response, clock);
  if (status !== 200) return undefined;
  const found = readPullBlobHead(status, headers).size;
  return size === undefined || found === undefined || found === size ? found ?? size : undefined;
}

/**
 * Compare what the registry says that it took with what it was given. Another algorithm says nothing.
 * @throws {TidegateError} DIGEST_MISMATCH
 */
export function assertTaken(digest: Digest, announced: Digest | undefined): void {
  if (announced === undefined || announced === digest) return;
  if (digestAlgorithm(announced) !== digestAlgorithm(digest)) return;
  throw digestMismatch(`The registry took ${announced} for ${digest}`, digest, announced);
}

/** The error for bytes that are not what was asked for. */
export function digestMismatch(
  message: string,
  expected: Digest,
  computed: Digest,
): TidegateError<"DIGEST_MISMATCH"> {
  return new TidegateError("DIGEST_MISMATCH", message, { expected, computed });
}
