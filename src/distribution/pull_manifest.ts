import type { RegistryRequest } from "../core/mod.ts";
import { MANIFEST_ACCEPT, parseContentType } from "../manifest/mod.ts";
import { type Digest, parseDigest, parseTag } from "../reference/mod.ts";
import { readContentLength, readDigestHeader } from "./header_fields.ts";
import { invalidResponse } from "./invalid_response.ts";
import { pullRequest, type Target } from "./target.ts";

/** How a manifest is asked for. */
export interface PullManifestOptions {
  /** Default is `GET`. */
  readonly method?: "GET" | "HEAD" | undefined;
  /** Default is `MANIFEST_ACCEPT`. */
  readonly accept?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Ask for a manifest, or with HEAD whether it is there (end-3).
 *
 * @param reference A tag or a digest; what has a colon is a digest.
 * @throws {TidegateError} INVALID_TAG, INVALID_DIGEST, INVALID_NAME or UNSUPPORTED.
 */
export function pullManifestRequest(
  target: Target,
  reference: string,
  options: PullManifestOptions = {},
): RegistryRequest {
  const { accept = MANIFEST_ACCEPT } = options;
  const checked = reference.includes(":") ? parseDigest(reference) : parseTag(reference);
  return pullRequest(target, {
    ...options,
    kind: "manifest",
    path: `manifests/${checked}`,
    headers: { accept, "accept-encoding": "identity" },
  });
}

/** What the head of an answer says of a manifest. None of it is verified. */
export interface ManifestHead {
  /** `Content-Type` without parameters; `application/octet-stream` where the registry says none. */
  readonly mediaType: string;
  readonly digest?: Digest | undefined;
  /** In bytes. */
  readonly size?: number | undefined;
}

/**
 * Read the head of the answer to {@linkcode pullManifestRequest}.
 *
 * @throws {TidegateError} INVALID_RESPONSE for any status but 200, and for headers that are
 * malformed or given twice.
 */
export function readPullManifestHead(status: number, headers: Headers): ManifestHead {
  if (status !== 200) throw invalidResponse("manifest status", String(status), "must be 200");
  const contentType = headers.get("content-type") ?? "application/octet-stream";
  const mediaType = parseContentType(contentType);
  if (mediaType === undefined) {
    throw invalidResponse("Content-Type", contentType, "must be one media type");
  }
  return { mediaType, digest: readDigestHeader(headers), size: readContentLength(headers) };
}
