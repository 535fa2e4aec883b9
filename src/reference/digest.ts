import { encodeHex, type HashAlgorithm, TidegateError } from "../core/mod.ts";
import { invalid } from "./invalid.ts";

declare const digestBrand: unique symbol;

/**
 * A digest that {@linkcode parseDigest} accepted: `sha256:` and 64, or `sha512:` and 128 lower-case
 * hex digits. Plain strings are not assignable to it, so that nothing unchecked reaches a URL.
 */
export type Digest = string & { readonly [digestBrand]: true };

const HEX_DIGITS: Readonly<Record<HashAlgorithm, number>> = { sha256: 64, sha512: 128 };
const LONGEST_DIGEST = 255; // sha512 needs 135; no registered algorithm comes near

/**
 * Check a digest.
 *
 * Upper-case hex is refused, not folded: two spellings of one digest are two cache keys.
 *
 * @throws {TidegateError} INVALID_DIGEST when malformed; UNSUPPORTED when well-formed, but of an
 * algorithm that tidegate cannot verify (blake3, sha384…).
 * @see {@link https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests | image-spec, Digests}
 */
export function parseDigest(text: string): Digest {
  const reason = brokenRule(text);
  if (reason !== undefined) throw invalid("INVALID_DIGEST", text, reason);
  const algorithm = text.slice(0, text.indexOf(":"));
  if (!isHashAlgorithm(algorithm)) {
    const what = `Digest algorithm ${algorithm}`;
    const reason = "Only sha256 and sha512 can be verified";
    throw new TidegateError("UNSUPPORTED", `${what} is not supported`, { what, reason });
  }
  return text as Digest;
}

/** {@linkcode parseDigest}, with undefined for anything that it refuses. */
export function tryParseDigest(text: string): Digest | undefined {
  if (brokenRule(text) !== undefined) return undefined;
  return isHashAlgorithm(text.slice(0, text.indexOf(":"))) ? (text as Digest) : undefined;
}

/** The algorithm before the colon. */
export function digestAlgorithm(digest: Digest): HashAlgorithm {
  return digest.slice(0, digest.indexOf(":")) as HashAlgorithm;
}

/** The hex digits after the colon. */
export function digestHex(digest: Digest): string {
  return digest.slice(digest.indexOf(":") + 1);
}

/**
 * Spell the digest that a hash computed.
 *
 * @param bytes 32 bytes for sha256, 64 for sha512.
 * @throws {TypeError} If the length is another.
 */
export function formatDigest(algorithm: HashAlgorithm, bytes: Uint8Array): Digest {
  if (bytes.length * 2 !== HEX_DIGITS[algorithm]) {
    throw new TypeError(`A ${algorithm} digest has ${HEX_DIGITS[algorithm] / 2} bytes`);
  }
  return `${algorithm}:${encodeHex(bytes)}` as Digest;
}

/**
 * The tag under which referrers of a digest are listed where a registry has no referrers API:
 * `<algorithm, at most 32>-<encoded, at most 64>`, so `sha256-<64 hex>`; a sha512 digest keeps its
 * first 64 digits.
 *
 * @see {@link https://github.com/opencontainers/distribution-spec/blob/main/spec.md#referrers-tag-schema | distribution-spec, Referrers Tag Schema}
 */
export function fallbackTag(digest: Digest): string {
  const tag = `${digestAlgorithm(digest).slice(0, 32)}-${digestHex(digest).slice(0, 64)}`;
  return tag.replace(/[^\w.-]/g, "-");
}

function isHashAlgorithm(name: string): name is HashAlgorithm {
  return name === "sha256" || name === "sha512";
}

function brokenRule(text: string): string | undefined {
  if (text.length > LONGEST_DIGEST) return `must have at most ${LONGEST_DIGEST} characters`;
  const [, algorithm = "", encoded = ""] = /^([^:]*):([^]*)$/.exec(text) ?? [];
  if (algorithm === "blake3" || isHashAlgorithm(algorithm)) {
    const digits = algorithm === "sha512" ? 128 : 64;
    if (encoded.length === digits && /^[0-9a-f]+$/.test(encoded)) return undefined;
    return `must have ${digits} lower-case hex digits after ${algorithm}:`;
  }
  return /^[a-z0-9]+([+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/.test(text)
    ? undefined
    : "must have the form algorithm:encoded";
}
