import { TidegateError } from "../core/mod.ts";
import {
  finishUploadRequest,
  mountBlobRequest,
  readUploadFinish,
  readUploadStart,
  startUploadRequest,
  type UploadStart,
} from "../distribution/mod.ts";
import { digestBytes } from "../hash/mod.ts";
import { type Digest, formatDigest, parseDigest, type Reference } from "../reference/mod.ts";
import { discard } from "../transport/mod.ts";
import type { CallOptions, ClientContext } from "./context.ts";
import { blobExists } from "./head_blob.ts";
import { responseFailure } from "./response_failure.ts";

/** Bytes of a blob. */
export type BlobSource = Uint8Array | Blob;

/** How a blob is pushed. */
export interface PushBlobOptions extends CallOptions {
  readonly digest?: string | undefined;
  readonly size?: number | undefined;
  readonly mountFrom?: string | undefined;
  readonly onProgress?: ((sentBytes: number) => void) | undefined;
}

/** A blob that is there. */
export interface PushedBlob {
  readonly digest: Digest;
  readonly size: number;
  readonly outcome: "exists" | "mounted" | "uploaded";
  readonly sentBytes: number;
}

/** Stand-in. */
export async function pushBlob(
  context: ClientContext,
  ref: Reference,
  source: BlobSource,
  { digest: given, mountFrom, signal }: PushBlobOptions = {},
): Promise<PushedBlob> {
  const { connect, settings: { clock } } = context;
  const { send, target } = connect(ref);
  const bytes = source instanceof Uint8Array
    ? source.slice()
    : new Uint8Array(await source.arrayBuffer());
  const size = bytes.length;
  const digest = given === undefined
    ? formatDigest("sha256", await digestBytes("sha256", bytes))
    : parseDigest(given);
  if (await blobExists(context, ref, digest, { signal })) {
    return { digest, size, outcome: "exists", sentBytes: 0 };
  }
  const request = mountFrom === undefined
    ? startUploadRequest(target, { signal })
    : mountBlobRequest(target, digest, { from: mountFrom, signal });
  const response = await send(request);
  if (response.status >= 400) throw await responseFailure(response, digest, clock, signal);
  discard(response, clock);
  const start: UploadStart = readUploadStart(response.status, response.headers, request.url);
  if (start.state === "created") return { digest, size, outcome: "mounted", sentBytes: 0 };
  const { location } = start.session;
  const end = await send(finishUploadRequest(target, location, digest, { body: bytes, signal }));
  if (end.status >= 400) throw await responseFailure(end, digest, clock, signal);
  discard(end, clock);
  const kept = readUploadFinish(end.status, end.headers).digest;
  if (kept !== undefined && kept !== digest) {
    throw new TidegateError("UPLOAD_FAILED", "Other digest", { reason: "other digest" });
  }
  return { digest, size, outcome: "uploaded", sentBytes: size };
}
