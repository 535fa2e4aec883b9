import type { HashAlgorithm } from "../core/mod.ts";
import { MAX_ONE_SHOT_BYTES } from "./digest.ts";
import { errorReply } from "./error_body.ts";
import { invalidName } from "./manifests.ts";
import { mountBlob } from "./mount.ts";
import { digestAlgorithm } from "./names.ts";
import type { RegistryQuirks } from "./quirks.ts";
import { receiveChunk } from "./receive_chunk.ts";
import type { Exchange } from "./registry_state.ts";
import { withHeaders } from "./reply.ts";
import type { Reply } from "./reply.ts";
import type { Upload } from "./upload.ts";
import {
  createUpload,
  findUpload,
  openUpload,
  uploadLocation,
  withUpload,
} from "./upload_session.ts";

/** end-4a, 4b, 4c and 11: open an upload, push a blob in one request, or mount one. */
export async function startUpload(exchange: Exchange): Promise<Reply> {
  const { state, name, url } = exchange;
  const invalid = invalidName(name);
  if (invalid) return invalid;
  if (url.searchParams.has("mount")) {
    const answered = mountBlob(exchange);
    if (answered) return answered;
  }
  const algorithm = askedAlgorithm(url);
  if (algorithm === "unknown") return invalidDigest(url.searchParams.get("digest-algorithm"));
  const upload = createUpload(exchange, algorithm);
  const digest = url.searchParams.get("digest");
  if (digest !== null && !state.settings.quirks.ignorePostDigest) {
    return await completeUpload(exchange, upload);
  }
  return {
    status: 202,
    headers: [
      ["location", openUpload(exchange, upload)],
      ["range", "0-0"],
      ["docker-upload-uuid", upload.id],
      ...chunkMinimum(exchange),
    ],
  };
}

function askedAlgorithm(url: URL): HashAlgorithm | "unknown" | undefined {
  const asked = url.searchParams.get("digest-algorithm");
  if (asked === null) return undefined;
  return asked === "sha256" || asked === "sha512" ? asked : "unknown";
}

function chunkMinimum({ state }: Exchange): [string, string][] {
  const bytes = state.settings.push?.minChunkBytes;
  return bytes === undefined ? [] : [["oci-chunk-min-length", String(bytes)]];
}

/** end-5: add a chunk, or with no `Content-Range` whatever comes. */
export function addChunk(exchange: Exchange): Promise<Reply> {
  const { quirks } = exchange.state.settings;
  return withUpload(exchange, async (upload) => {
    if (quirks.secondPatch !== undefined && upload.chunkStarts.length > 0) {
      return errorReply("UNSUPPORTED", "One chunk only", { status: quirks.secondPatch });
    }
    const { acceptedBytes, largestChunk } = quirks;
    const options = { acceptedBytes, largestChunk, isPart: true };
    return await receiveChunk(exchange, upload, options) ??
      progress(exchange, upload, quirks.patchStatus ?? 202);
  });
}

/** end-13: how far an upload has come. Answers while a chunk is still coming. */
export function getUploadStatus(exchange: Exchange): Reply {
  const { uploadStatus } = exchange.state.settings.quirks;
  if (uploadStatus !== undefined) return unsupported(uploadStatus);
  const upload = findUpload(exchange);
  return "status" in upload ? upload : progress(exchange, upload, 204);
}

/** end-6: the last bytes, if any, and the digest of all. */
export function closeUpload(exchange: Exchange): Promise<Reply> {
  return withUpload(exchange, (upload) => completeUpload(exchange, upload));
}

/** end-14: give an upload up. */
export function cancelUpload(exchange: Exchange): Promise<Reply> {
  const { uploadDelete } = exchange.state.settings.quirks;
  return withUpload(exchange, ({ id }) => {
    if (uploadDelete !== undefined) return unsupported(uploadDelete);
    exchange.state.uploads.delete(id);
    return { status: 204, headers: [] };
  });
}

/** After a wrong digest the upload is gone, as in distribution. */
async function completeUpload(exchange: Exchange, upload: Upload): Promise<Reply> {
  const { state, url } = exchange;
  const digest = url.searchParams.get("digest") ?? "";
  const algorithm = digestAlgorithm(digest);
  if (algorithm === undefined || algorithm !== (upload.algorithm ?? algorithm)) {
    return invalidDigest(digest);
  }
  const refusal = await receiveChunk(exchange, upload, { algorithm });
  if (refusal) return refusal;
  state.uploads.delete(upload.id);
  const { hasher } = state.settings.push ?? {};
  if (upload.data.size > MAX_ONE_SHOT_BYTES && hasher === undefined) {
    return errorReply("SIZE_INVALID", "Larger than 256 MiB: needs a hasher", { status: 413 });
  }
  const finished = await upload.data.finish(algorithm);
  if (finished?.digest !== digest) return invalidDigest(digest);
  const location = upload.file(digest, finished.content);
  return stored(exchange, location, digest);
}

/** The answer to a push that has ended. */
function stored({ state }: Exchange, location: string, digest: string): Reply {
  const { noDigestHeader, digestHeader } = state.settings.quirks;
  return withHeaders({ status: 201, headers: [["location", location]] }, {
    "docker-content-digest": noDigestHeader ? undefined : digestHeader ?? digest,
  });
}

function progress({ state }: Exchange, upload: Upload, status: number): Reply {
  return {
    status,
    headers: [
      ["location", uploadLocation(state, upload)],
      ["range", writeRange(upload, state.settings.quirks)],
      ["docker-upload-uuid", upload.id],
    ],
  };
}

/** `Range` of an upload: first and last byte, without a unit. An empty one looks like one byte. */
function writeRange(
  { data: { size }, chunkStarts }: Upload,
  { stuckRange, chunkRange }: RegistryQuirks,
): string {
  const start = chunkRange ? chunkStarts.at(-1) ?? 0 : 0;
  const end = stuckRange ? chunkStarts[1] ?? size : size;
  return `${start}-${Math.max(0, end - 1)}`;
}

function invalidDigest(detail: string | null): Reply {
  return errorReply("DIGEST_INVALID", "The digest is not the content's", { detail });
}

function unsupported(status: number): Reply {
  return errorReply("UNSUPPORTED", "Not here", { status });
}
