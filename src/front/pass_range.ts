import { openBlob } from "../client/mod.ts";
import { formatContentRange, type RangeSpec, resolveRange } from "../distribution/mod.ts";
import type { Digest } from "../reference/mod.ts";
import type { Answer } from "./answer.ts";
import { blobHeaders } from "./blob_headers.ts";
import type { DoorRequest } from "./door_request.ts";
import { refuse } from "./error_answer.ts";
import { exactStream } from "./exact_stream.ts";

/** Says that nobody checked these bytes: RFC 9110 has no field for it, so one of our own. */
const UNVERIFIED: Readonly<Record<string, string>> = { "tidegate-verification": "none" };

/**
 * A part of a blob, fetched alone and marked unverified: `ranges: "pass"`. Its length is enforced, its
 * bytes cannot be checked against the digest of the whole.
 *
 * @param size Size of the whole blob, as the upstream's answer to HEAD gives it.
 */
export async function passRange(
  door: DoorRequest,
  digest: Digest,
  asked: RangeSpec,
  size: number,
): Promise<Answer> {
  const range = resolveRange(asked, size);
  if (range === undefined) {
    return refuse("badRange", {
      "content-range": formatContentRange({ start: undefined, end: undefined, size }),
    });
  }
  const { send, target, request: { signal }, services: { clock, random, observer } } = door;
  const options = { range, size, signal, clock, random, observer };
  const { reader } = await openBlob(send, target, digest, options);
  const length = range.end + 1 - range.start;
  return {
    status: 206,
    headers: {
      ...blobHeaders(digest, "pass"),
      ...UNVERIFIED,
      "content-range": formatContentRange({ ...range, size }),
    },
    body: exactStream(reader, length),
    length,
  };
}
