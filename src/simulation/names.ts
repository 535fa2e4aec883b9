import type { HashAlgorithm } from "../core/mod.ts";

/** Longest repository name that common clients take, the host not counted. */
const MAX_NAME_LENGTH = 255;

const NAME = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const DIGEST = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/;
const REGISTERED: Readonly<Record<string, RegExp>> = {
  sha256: /^[a-f0-9]{64}$/,
  sha512: /^[a-f0-9]{128}$/,
};

/** Whether a text is a repository name (distribution-spec, "Pulling manifests"). */
export function isRepositoryName(text: string): boolean {
  return text.length <= MAX_NAME_LENGTH && NAME.test(text);
}

/** Whether a text is a tag (distribution-spec, "Pulling manifests"). */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

/**
 * Whether a text is a digest of an algorithm that this registry has: sha256 or sha512, lower-case
 * hex of the right length (image-spec, "Digests").
 */
export function isSupportedDigest(text: string): boolean {
  const colon = text.indexOf(":");
  return DIGEST.test(text) &&
    (REGISTERED[text.slice(0, colon)]?.test(text.slice(colon + 1)) ?? false);
}

/** The algorithm of a digest that this registry has; undefined for any other text. */
export function digestAlgorithm(text: string): HashAlgorithm | undefined {
  if (!isSupportedDigest(text)) return undefined;
  return text.startsWith("sha512:") ? "sha512" : "sha256";
}

/** Whether a text has the shape of a digest, whatever its algorithm. A reference with a colon is one. */
export function looksLikeDigest(text: string): boolean {
  return text.includes(":");
}
