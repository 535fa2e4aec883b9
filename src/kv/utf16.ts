/** A key's UTF-16. Lone surrogates would all become U+FFFD in UTF-8: two keys would be one. */
export function utf16(key: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(2 * key.length);
  for (let i = 0; i < key.length; i++) {
    bytes[2 * i] = key.charCodeAt(i) >> 8;
    bytes[2 * i + 1] = key.charCodeAt(i) & 255;
  }
  return bytes;
}
