import { encodeBase64, encodeHex, encodeUtf8 } from "./bytes.ts";

/** Takes what was sent in confidence out of a text. */
export type Scrub = (text: string) => string;

const SHORTEST = 4; // "ci" stands in many a word
const HEAD = 64; // a longer one is known by its beginning: servers cut what they quote
const LONGEST = 1024; // a pattern has its limits
const TAIL = "[\\w.~+/=-]*";

/**
 * Replace secrets by `[redacted]` in what a server says, which may repeat what it was sent: as they
 * are, percent-encoded, as JSON or HTML, in hex, and in base64, also of something that holds them
 * (`user:password`); in capitals or not. Of one of over 64 characters its beginning counts, with what
 * follows. Those of under 4 characters stay: they stand in a text by chance.
 *
 * @param secrets Called when there is a text: until then it costs nothing.
 */
export function createScrub(secrets: () => readonly string[]): Scrub {
  let source = "";
  let pattern: RegExp | undefined;
  return (text) => {
    const long = [...new Set(secrets())].filter((secret) => secret.length >= SHORTEST);
    if (long.length === 0) return text;
    const next = long.join("\n"); // no header has a line end
    if (next !== source || pattern === undefined) pattern = anyOf(long.flatMap(spellings));
    source = next;
    return text.replace(pattern, "[redacted]");
  };
}

/** The longest first: it may hold another. */
function anyOf(texts: readonly string[]): RegExp {
  const ordered = [...new Set(texts)].sort((a, b) => b.length - a.length);
  return new RegExp(ordered.map(patternOf).join("|"), "gi");
}

function spellings(secret: string): string[] {
  const bytes = encodeUtf8(secret);
  const encoded = [0, 1, 2].map((offset) => base64After(offset, bytes));
  const safe = encoded.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"));
  return [secret, encodeHex(bytes), ...encoded, ...safe];
}

/** The characters of base64 that only these bytes decide, where `offset` others stand before them. */
function base64After(offset: number, bytes: Uint8Array): string {
  const padded = new Uint8Array(offset + bytes.length);
  padded.set(bytes, offset);
  return encodeBase64(padded).slice(Math.ceil(offset * 4 / 3), Math.floor(padded.length * 4 / 3));
}

function patternOf(text: string): string {
  const characters = [...text];
  const head = characters.slice(0, HEAD).map(writings).join("");
  if (characters.length <= HEAD) return head;
  return `${head}(?:${literal(characters.slice(HEAD, LONGEST).join(""))})?${TAIL}`;
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/** How one character may be written; a bounded number of backslashes, as JSON is put into JSON. */
function writings(character: string): string {
  if (/^\w$/.test(character)) return character;
  const ways = [
    literal(character),
    encodeHex(encodeUtf8(character)).replace(/../g, "%$&"),
    character.split("").map(unitOf).join("\\\\+"),
  ];
  if (character === " ") ways.push("\\+");
  if (/[&<>"']/.test(character)) ways.push("&#?\\w{2,5};");
  return `\\\\{0,3}(?:${ways.join("|")})`;
}

function unitOf(unit: string): string {
  return `u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
