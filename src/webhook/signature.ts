import { decodeHex, type Secret, TidegateError } from "../core/mod.ts";

const HMAC = { name: "HMAC", hash: "SHA-256" };
const HEADER = /^sha256=([0-9a-f]{64})$/;
const LEAST_SECRET_BYTES = 16;

/** Checks signatures with every secret that is valid now. */
export interface SignatureVerifier {
  /**
   * Whether one of the secrets signed these bytes. Compared in constant time by Web Crypto; every
   * secret is tried, so that time does not tell which.
   *
   * @param header Value of `X-Hub-Signature-256`: `sha256=` and 64 lower-case hex digits. Anything
   * else (absent, SHA-1, two of them) is false.
   */
  verify(bytes: Uint8Array<ArrayBuffer>, header: string | null): Promise<boolean>;
}

/** Whether a header can be a signature at all: what it costs nothing to refuse. */
export function isSignature(header: string | null): header is string {
  return header !== null && HEADER.test(header);
}

/**
 * Make a verifier. Keys are imported when first needed.
 *
 * @param secrets All that are valid now; two while one replaces the other.
 * @param key Where they are configured, for the error.
 * @throws {TidegateError} CONFIGURATION when there is none, or one is shorter than 16 bytes.
 * @see {@link https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries | GitHub, Validating deliveries}
 */
export function createSignatureVerifier(
  secrets: readonly Secret[],
  key = "secrets",
): SignatureVerifier {
  assertSecrets(secrets, key, ({ length }) => length >= LEAST_SECRET_BYTES, LENGTH_RULE);
  let keys: readonly CryptoKey[] | undefined; // values, not a promise: that belongs to one request
  return {
    async verify(bytes, header): Promise<boolean> {
      const [, hex] = HEADER.exec(header ?? "") ?? [];
      if (hex === undefined) return false;
      const signature = decodeHex(hex);
      keys ??= await Promise.all(secrets.map(importKey));
      const found = await Promise.all(
        keys.map((one) => crypto.subtle.verify(HMAC, one, signature, bytes)),
      );
      return found.includes(true);
    },
  };
}

const LENGTH_RULE = `must have at least ${LEAST_SECRET_BYTES} bytes`;

function importKey(secret: Secret): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", secret.revealBytes(), HMAC, false, ["verify"]);
}

/**
 * Refuse secrets that do not fit, before anything is served.
 * @throws {TidegateError} CONFIGURATION, with the place of the secret, never its value.
 */
export function assertSecrets(
  secrets: readonly Secret[],
  key: string,
  isFit: (secret: Secret) => boolean,
  rule: string,
): void {
  const bad = secrets.findIndex((secret) => !isFit(secret));
  if (secrets.length > 0 && bad === -1) return;
  const at = bad === -1 ? key : `${key}[${bad}]`;
  const reason = bad === -1 ? "must have a secret" : rule;
  throw new TidegateError("CONFIGURATION", `The key ${at} ${reason}`, { key: at, reason });
}
