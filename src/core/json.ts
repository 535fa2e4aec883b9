import { decodeUtf8 } from "./bytes.ts";
import { MAX_JSON_DEPTH } from "./limits.ts";

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | {
  readonly [key: string]: Json;
};

/**
 * Parse JSON that somebody hostile wrote: UTF-8 only, no byte order mark, depth capped before any
 * recursion, a key twice in one object refused (two parsers would read it differently).
 *
 * @param input Text, or its UTF-8 bytes.
 * @param maximumDepth Deepest nesting. Default is 64.
 * @throws {SyntaxError} Says which rule is broken and at which offset.
 */
export function parseJson(input: string | Uint8Array, maximumDepth: number = MAX_JSON_DEPTH): Json {
  const text = typeof input === "string" ? input : decode(input);
  checkStructure(text, maximumDepth);
  return JSON.parse(text) as Json;
}

function decode(bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes);
  } catch (cause) {
    throw new SyntaxError("JSON is not UTF-8", { cause });
  }
}

/** One pass over the text with an explicit stack; no recursion, so depth cannot exhaust ours. */
function checkStructure(text: string, maximumDepth: number): void {
  const keys: (Set<string> | undefined)[] = []; // a set for each open object, undefined for an array
  let expectKey = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '"') {
      const end = stringEnd(text, i);
      if (expectKey) addKey(keys.at(-1), text.slice(i, end), i);
      expectKey = false;
      i = end - 1;
    } else if (c === "{" || c === "[") {
      keys.push(c === "{" ? new Set() : undefined);
      if (keys.length > maximumDepth) {
        throw new SyntaxError(`JSON nests deeper than ${maximumDepth} at ${i}`);
      }
      expectKey = c === "{";
    } else if (c === "}" || c === "]") {
      keys.pop();
      expectKey = false;
    } else if (c === ",") expectKey = keys.at(-1) !== undefined;
  }
}

function stringEnd(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === '"') return i + 1;
  }
  throw new SyntaxError(`JSON string is not closed at ${start}`);
}

function addKey(keys: Set<string> | undefined, quoted: string, offset: number): void {
  // "a" and "\u0061" are the same key
  const key = quoted.includes("\\") ? JSON.parse(quoted) as string : quoted.slice(1, -1);
  if (keys?.has(key)) throw new SyntaxError(`JSON has a key twice at ${offset}`);
  keys?.add(key);
}
