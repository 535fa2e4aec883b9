const HIDDEN = /[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * A value as JSON in which a terminal finds nothing to obey: what JSON leaves as it is of control
 * characters is written as `\uXXXX`. It reads as the same value.
 *
 * @param indent Spaces of a level; none is one line.
 */
export function plainJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replace(
    HIDDEN,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * A text with its control characters shown as `\u{…}`, line ends and tabs aside: what a registry
 * says must not move a terminal's cursor.
 */
export function plainText(text: string): string {
  return text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (c) => `\\u{${c.charCodeAt(0).toString(16)}}`,
  );
}
