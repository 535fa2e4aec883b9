import { encodeBase64, encodeHex, encodeUtf8 } from "../core/mod.ts";
import { requestText } from "./request_log.ts";
import type { LoggedRequest } from "./request_log.ts";

/**
 * The requests that carry a secret, in any spelling, in the request line, a header or the first MiB
 * of the body.
 *
 * @param log A simulation's log, or a part of it: what reached one trap.
 * @param secret A canary: at least 8 characters, so that no spelling turns up by chance.
 * @throws {TypeError} If the secret is shorter.
 */
export function sightings(log: readonly LoggedRequest[], secret: string): LoggedRequest[] {
  const spellings = secretSpellings(secret);
  return log.filter((entry) => {
    const text = requestText(entry);
    return spellings.some((spelling) => text.includes(spelling));
  });
}

/**
 * How a secret may travel: plain, percent-encoded, as JSON, hex, base64 and base64url; the last
 * two wherever it may stand in what was encoded, as the password in `user:password`.
 *
 * @throws {TypeError} If the secret is shorter than 8 characters.
 */
export function secretSpellings(secret: string): readonly string[] {
  if (secret.length < 8) throw new TypeError("A canary has at least 8 characters");
  const bytes = encodeUtf8(secret);
  const base64 = [0, 1, 2].map((offset) => base64At(bytes, offset));
  const hex = encodeHex(bytes);
  return [
    ...new Set([
      secret,
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
      hex,
      hex.toUpperCase(),
      ...base64,
      ...base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_")),
      ...base64.map(encodeURIComponent),
    ]),
  ];
}

/** The characters of base64 that only the secret decides, when `offset` bytes stand before it. */
function base64At(secret: Uint8Array, offset: number): string {
  const padded = new Uint8Array(offset + secret.length);
  padded.set(secret, offset);
  const first = Math.ceil(offset * 8 / 6);
  return encodeBase64(padded).slice(first, Math.floor(padded.length * 8 / 6));
}
