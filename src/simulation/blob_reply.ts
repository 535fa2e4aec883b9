import { selectRange } from "./byte_range.ts";
import type { ByteRange } from "./byte_range.ts";
import { bytesContent, contentBytes, sliceContent } from "./content.ts";
import type { Content } from "./content.ts";
import { errorReply } from "./error_body.ts";
import { compressGzip } from "./gzip.ts";
import type { RegistryQuirks } from "./quirks.ts";
import { withHeaders } from "./reply.ts";
import type { Reply, SimulatedRequest } from "./reply.ts";

/** A blob's bytes with range handling (RFC 9110, 14), as a registry or a blob store answers. */
export async function blobReply(
  request: SimulatedRequest,
  digest: string,
  content: Content,
  quirks: RegistryQuirks = {},
): Promise<Reply> {
  if (quirks.gzipBlobs) return await encodedReply(content);
  const etag = `"${digest}"`;
  const whole: Reply = {
    status: 200,
    headers: [
      ["content-type", "application/octet-stream"],
      ["accept-ranges", quirks.ignoreRange ? "none" : "bytes"],
      ["etag", etag],
    ],
    body: content,
  };
  const range = askedRange(request, etag, content.size, quirks);
  return range === undefined ? whole : rangeReply(whole, content, range, quirks);
}

/** The range to honour. RFC 9110, 14.2: only GET has ranges. 13.1.5: only if `If-Range` still holds. */
function askedRange(
  { method, headers }: SimulatedRequest,
  etag: string,
  size: number,
  { ignoreRange }: RegistryQuirks,
): ByteRange | "unsatisfiable" | undefined {
  const header = headers.get("range");
  if (header === null || method !== "GET" || ignoreRange) return undefined;
  if ((headers.get("if-range") ?? etag) !== etag) return undefined;
  return selectRange(header, size);
}

function rangeReply(
  whole: Reply,
  content: Content,
  range: ByteRange | "unsatisfiable",
  { contentRange, unknownRangeTotal }: RegistryQuirks,
): Reply {
  if (range === "unsatisfiable") {
    return errorReply("RANGE_INVALID", "The range is outside the blob", {
      headers: [["content-range", `bytes */${content.size}`]],
    });
  }
  const total = unknownRangeTotal ? "*" : content.size;
  return {
    ...withHeaders(whole, {
      "content-range": contentRange ?? `bytes ${range.start}-${range.end}/${total}`,
    }),
    status: 206,
    body: sliceContent(content, range.start, range.end + 1),
  };
}

async function encodedReply(content: Content): Promise<Reply> {
  const body = bytesContent(await compressGzip(contentBytes(content)));
  const headers = [["content-type", "application/octet-stream"], ["content-encoding", "gzip"]];
  return { status: 200, headers: headers as [string, string][], body };
}
