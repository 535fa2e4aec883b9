import { isTidegateError } from "../core/mod.ts";
import type { RefusalName } from "./error_answer.ts";
import { statusOf } from "./upstream_upload.ts";

const STATUS: Readonly<Record<number, RefusalName>> = {
  400: "badUpload",
  405: "unsupported",
  413: "requestTooLarge",
  416: "badChunk",
  501: "unsupported",
};

/** What an upstream's refusal of an upload means for the caller; undefined for nothing special. */
export function uploadRefusal(error: unknown): RefusalName | undefined {
  if (isTidegateError(error, "UNSUPPORTED")) return "unavailable"; // no WASM to hash with
  const status = statusOf(error);
  return status === undefined ? undefined : STATUS[status];
}
