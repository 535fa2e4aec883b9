import { isTidegateError } from "../core/mod.ts";
import type { RefusalName } from "./error_answer.ts";

/** What an upstream's status means for a manifest that was pushed, or for something to be deleted. */
const STATUS: Readonly<Record<"PUT" | "DELETE", Readonly<Record<number, RefusalName>>>> = {
  PUT: {
    400: "invalidManifest",
    405: "unsupported",
    409: "conflict",
    412: "conditionFailed",
    413: "requestTooLarge",
    414: "tooManyTags",
    415: "invalidManifest",
    422: "invalidManifest",
    431: "tooManyTags",
    501: "unsupported",
  },
  DELETE: {
    400: "undeletable", // tags, at registries that delete by digest alone
    405: "unsupported",
    409: "conflict",
    412: "conditionFailed",
    422: "undeletable",
    501: "unsupported",
  },
};

/** Codes that say more than the status of a refused manifest does. */
const CODES: ReadonlyMap<string, RefusalName> = new Map<string, RefusalName>([
  ["MANIFEST_BLOB_UNKNOWN", "missingContent"],
  ["BLOB_UNKNOWN", "missingContent"],
  ["SIZE_INVALID", "wrongSize"],
  ["TAG_INVALID", "badTag"],
  ["NAME_INVALID", "unknownName"], // the name is one by the spec, so it is the registry's own rule
  ["NAME_UNKNOWN", "unknownName"],
]);
const TOLD_BY_CODE: readonly number[] = [400, 404, 422];

/**
 * What an upstream's refusal of a write means for the caller, in the door's own words; undefined
 * where writing makes no difference.
 *
 * Only the status and codes of the spec are looked at, never a text.
 */
export function writeRefusal(
  method: string,
  error: unknown,
): RefusalName | undefined {
  if (method !== "PUT" && method !== "DELETE") return undefined;
  if (isTidegateError(error, "DIGEST_MISMATCH")) return "notAcknowledged";
  if (!isTidegateError(error) || !("diagnostics" in error.details)) return undefined;
  const { status, diagnostics } = error.details;
  if (method === "PUT" && TOLD_BY_CODE.includes(status)) {
    const told = diagnostics.map(({ code }) => CODES.get(code)).find((name) => name !== undefined);
    if (told !== undefined) return told;
    if (status === 404) return "unknownName";
  }
  return STATUS[method][status];
}
