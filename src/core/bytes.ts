const encoder = new TextEncoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** UTF-8 bytes of a string. Lone surrogates become U+FFFD, as WHATWG Encoding says. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text) as Uint8Array<ArrayBuffer>;
}

/**
 * The string that UTF-8 bytes spell; a byte order mark is kept as U+FEFF.
 * @throws {TypeError} If the bytes are not UTF-8.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  return strictDecoder.decode(bytes);
}

const HEX: readonly string[] = Array.from(
  { length: 256 },
  (_, i) => i.toString(16).padStart(2, "0"),
);

/** Lower-case hex. */
export function encodeHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEX[byte];
  return text;
}

/**
 * Bytes of lower- or upper-case hex.
 * @throws {TypeError} If the length is odd or a character is no hex digit.
 */
export function decodeHex(text: string): Uint8Array<ArrayBuffer> {
  if (text.length % 2 !== 0 || /[^0-9a-fA-F]/.test(text)) throw new TypeError("Not hex");
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = hexDigit(text.charCodeAt(2 * i)) << 4 | hexDigit(text.charCodeAt(2 * i + 1));
  }
  return bytes;
}

/** Value of an ASCII hex digit: `0` is 0x30, `A` is 0x41, `a` is 0x61. */
function hexDigit(code: number): number {
  return (code & 15) + (code >> 6) * 9;
}

/** RFC 4648 base64 with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/**
 * Bytes of RFC 4648 base64, padded or not.
 * @throws {TypeError} If it is not base64.
 */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new TypeError("Not base64");
  const end = text.indexOf("=");
  if (end !== -1 && text.length % 4 !== 0) throw new TypeError("Not base64");
  return decodeSextets(end === -1 ? text : text.slice(0, end), "Not base64");
}

/** RFC 4648 base64url without padding: safe in URLs, tags and header values. */
export function encodeBase64Url(bytes: Uint8Array): string {
  return encodeBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * Bytes of base64url without padding.
 * @throws {TypeError} If it is not base64url.
 */
export function decodeBase64Url(text: string): Uint8Array<ArrayBuffer> {
  if (/[^A-Za-z0-9_-]/.test(text)) throw new TypeError("Not base64url");
  return decodeSextets(text, "Not base64url");
}

/** Value of each character of both alphabets. */
const SEXTETS: Uint8Array = /* @__PURE__ */ tabulateSextets();

function tabulateSextets(): Uint8Array {
  const table = new Uint8Array(128);
  for (const last of ["+/", "-_"]) {
    const alphabet = `ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789${last}`;
    for (let i = 0; i < 64; i++) table[alphabet.charCodeAt(i)] = i;
  }
  return table;
}

function decodeSextets(text: string, message: string): Uint8Array<ArrayBuffer> {
  if (text.length % 4 === 1) throw new TypeError(message);
  const bytes = new Uint8Array(Math.floor(text.length * 3 / 4));
  let bits = 0;
  for (let i = 0, at = 0; i < text.length; i++) {
    bits = bits << 6 | (SEXTETS[text.charCodeAt(i)] as number);
    if (i % 4 > 0) bytes[at++] = bits >> (6 - 2 * (i % 4));
  }
  return bytes;
}

/** One array of all the parts, in order. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/**
 * Whether two arrays are equal, in time that depends on their lengths alone.
 * The lengths themselves are not hidden: compare digests, not secrets of varying length.
 */
export function timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number);
  return difference === 0;
}
