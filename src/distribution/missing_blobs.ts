import {
  type Json,
  MAX_ERROR_BODY_BYTES,
  parseJson,
  type ResponseDetails,
  TidegateError,
} from "../core/mod.ts";
import { readErrorBody } from "./error_body.ts";
import type { ResponseFacts } from "./response_error.ts";

/** Codes by which registries refuse a manifest whose content they do not have. */
const MISSING: ReadonlySet<unknown> = new Set(["MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN"]);
const DIGEST = /\b(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})(?![0-9a-f])/g;
const MAX_DIGESTS = 128; // OCI manifests of today have at most 127 layers and a config

/**
 * The error for a manifest that was refused because the repository lacks what it lists, with the
 * digests that the registry names; undefined for any other refusal.
 *
 * @param image What was pushed, as a user would write it.
 */
export function missingBlobsError(
  facts: ResponseFacts,
  image: string,
): TidegateError<"MANIFEST_BLOB_UNKNOWN"> | undefined {
  const { status, origin, headers, body = new Uint8Array(0), scrub = String } = facts;
  const problems = status === 400 || status === 404 || status === 422 ? missingIn(body) : [];
  if (problems.length === 0) return undefined;
  const named = problems.flatMap((problem) => scrub(JSON.stringify(problem)).match(DIGEST) ?? []);
  const digests = [...new Set(named)].slice(0, MAX_DIGESTS);
  const diagnostics = readErrorBody(body, headers.get("content-type"), scrub);
  const details: ResponseDetails = { status, origin, diagnostics };
  const lacking = digests.length === 0 ? "it does not say which" : digests.join(", ");
  const message = `${origin} lacks content that ${image} lists: ${lacking}`;
  return new TidegateError("MANIFEST_BLOB_UNKNOWN", message, { ...details, image, digests });
}

function missingIn(body: Uint8Array): readonly Json[] {
  try {
    const { errors } = parseJson(body.subarray(0, MAX_ERROR_BODY_BYTES)) as {
      readonly errors?: Json;
    };
    if (!Array.isArray(errors)) return [];
    return (errors as readonly Json[]).filter((error) => {
      return typeof error === "object" && error !== null && "code" in error &&
        MISSING.has(error.code);
    });
  } catch {
    return []; // not the spec's document: the caller has another error for it
  }
}
