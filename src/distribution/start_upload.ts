import type { HashAlgorithm, RegistryRequest } from "../core/mod.ts";
import { type Digest, parseDigest, parseRepositoryName } from "../reference/mod.ts";
import { readDigestHeader } from "./header_fields.ts";
import { invalidResponse } from "./invalid_response.ts";
import { repositoryRequest, repositoryScope, type Target } from "./target.ts";
import { bodyHeaders, readUploadSession, type UploadSession } from "./upload_session.ts";

/** What the registry made of a request to take a blob. */
export type UploadStart =
  /** The blob is there: it was mounted, or came with the request. */
  | ({ readonly state: "created" } & CreatedBlob)
  /** It wants the bytes. */
  | { readonly state: "open"; readonly session: UploadSession };

/** What a registry says of a blob that it took. None of it is verified. */
export interface CreatedBlob {
  readonly digest?: Digest | undefined;
  /** Where it can be pulled from, as written: may be relative. */
  readonly location?: string | undefined;
}

/** How an upload is started. */
export interface StartUploadOptions {
  /** Tells the registry which hash to compute. Only some read it: leave it out for sha256. */
  readonly algorithm?: HashAlgorithm | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Ask for a place to upload a blob to (end-4a, end-4c).
 * @throws {TidegateError} INVALID_NAME
 */
export function startUploadRequest(
  target: Target,
  { algorithm, signal }: StartUploadOptions = {},
): RegistryRequest {
  return postUpload(target, { query: { "digest-algorithm": algorithm }, signal });
}

/**
 * Send a blob whole in one request (end-4b). A registry may ignore the body and answer 202.
 *
 * @param options `size` is the length of a stream.
 * @throws {TidegateError} INVALID_NAME or INVALID_DIGEST.
 */
export function pushBlobRequest(
  target: Target,
  digest: Digest,
  body: RegistryRequest["body"],
  options: { readonly size?: number | undefined; readonly signal?: AbortSignal | undefined } = {},
): RegistryRequest {
  return postUpload(target, {
    query: { digest: parseDigest(digest) },
    headers: bodyHeaders(body, options.size),
    body,
    signal: options.signal,
  });
}

/** Where a blob is mounted from. */
export interface MountBlobOptions {
  /** A repository of the same registry. Without it the registry looks everywhere, if it can. */
  readonly from?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Ask that a blob of another repository be one of this (end-11). Asks for the right to pull there.
 * @throws {TidegateError} INVALID_NAME or INVALID_DIGEST.
 */
export function mountBlobRequest(
  target: Target,
  digest: Digest,
  { from, signal }: MountBlobOptions = {},
): RegistryRequest {
  const source = from === undefined ? undefined : parseRepositoryName(from);
  return postUpload(target, {
    query: { mount: parseDigest(digest), from: source },
    ...(source === undefined ? {} : { scopes: [repositoryScope(source, ["pull"])] }),
    signal,
  });
}

/**
 * Read the answer to {@linkcode startUploadRequest}, {@linkcode pushBlobRequest} or
 * {@linkcode mountBlobRequest}.
 *
 * @param requestUrl The URL that was asked.
 * @throws {TidegateError} INVALID_RESPONSE for any status but 201 and 202, for a 202 without
 * `Location`, and for malformed headers.
 */
export function readUploadStart(
  status: number,
  headers: Headers,
  requestUrl: string,
): UploadStart {
  if (status === 201) return { state: "created", ...readCreatedBlob(headers) };
  if (status !== 202) throw invalidResponse("upload status", `${status}`, "must be 201 or 202");
  return { state: "open", session: readUploadSession(headers, requestUrl) };
}

/**
 * Read what a 201 says of the blob.
 * @throws {TidegateError} INVALID_RESPONSE when its digest is malformed.
 */
export function readCreatedBlob(headers: Headers): CreatedBlob {
  return {
    digest: readDigestHeader(headers),
    location: headers.get("location") ?? undefined,
  };
}

function postUpload(
  target: Target,
  parts: Pick<
    Parameters<typeof repositoryRequest>[1],
    "query" | "headers" | "body" | "signal" | "scopes"
  >,
): RegistryRequest {
  return repositoryRequest(target, {
    ...parts,
    method: "POST",
    kind: "upload",
    path: "blobs/uploads/",
    actions: ["pull", "push"],
  });
}
