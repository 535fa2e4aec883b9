import { decodeUtf8 } from "./bytes.ts";
import { needsStandIn, parseWithStandIns, type WrittenKey } from "./json_keys.ts";
import {
  MAX_JSON_DEPTH,
  MAX_JSON_DISTINCT_KEYS,
  MAX_JSON_IRREGULAR_KEYS,
  MAX_JSON_NODES,
} from "./limits.ts";

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | {
  readonly [key: string]: Json;
};

/** A JSON object whose fields nobody has checked yet. */
export type JsonObject = { readonly [key: string]: Json };

/** Whether a value is a JSON object: no list, not null. */
export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** JSON that two readers could understand differently: a key twice, a size written as `1e3`. */
export class AmbiguousJsonError extends SyntaxError {
  override readonly name = "AmbiguousJsonError";
}

const NO_KEYS: ReadonlySet<string> = new Set();

/**
 * Parse JSON that somebody hostile wrote: UTF-8 only, no byte order mark, depth, objects
 * and keys capped before any recursion, a key twice in one object refused (two parsers would read it
 * differently).
 *
 * @param input Text, or its UTF-8 bytes.
 * @param maximumDepth Deepest nesting. Default is 64.
 * @param integerKeys Keys whose value, where it is a number, must be written as a whole one: not
 * `1e3`, `1.0` or `-0`, which some parsers refuse and others round. Default is none.
 * @param maximumNodes Most keys, and most objects and arrays. Default is 32,768.
 * @throws {AmbiguousJsonError} For a key twice, and for a number against `integerKeys`.
 * @throws {SyntaxError} Says which other rule is broken, and where it can, at which offset.
 */
export function parseJson(
  input: string | Uint8Array,
  maximumDepth: number = MAX_JSON_DEPTH,
  integerKeys: ReadonlySet<string> = NO_KEYS,
  maximumNodes: number = MAX_JSON_NODES,
): Json {
  const text = typeof input === "string" ? input : decode(input);
  const keys = checkStructure(text, { maximumDepth, integerKeys, maximumNodes });
  return parseWithStandIns(text, keys) as Json;
}

function decode(bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes);
  } catch (cause) {
    throw new SyntaxError("JSON is not UTF-8", { cause });
  }
}

/** What the scan refuses. */
interface ScanRules {
  readonly maximumDepth: number;
  readonly maximumNodes: number;
  readonly integerKeys: ReadonlySet<string>;
}

/** The keys that an object has had so far, and what came after them in others. */
interface Shape {
  /** The key that came next last time, and what that made. */
  lastKey?: string;
  last?: Shape;
  next?: Map<string, Shape>;
  /** No keys yet, in the objects that are the last key's value, or lie in it. */
  inner?: Shape;
}

/** What the scan remembers. Memory grows with depth, distinct keys and shapes, not with objects. */
interface Scan {
  /** For each open level the shape of its object so far. */
  readonly shapes: Shape[];
  readonly noKeys: Shape;
  /** For each open level the serial number of its object, 0 for an array. */
  readonly levels: number[];
  /** For each level, keys with the serial number of the last object that had them. */
  readonly keysAt: Map<string, { lastObject: number }>[];
  /** Keys that need a stand-in, in the order of the text. */
  readonly odd: WrittenKey[];
  containers: number;
  keys: number;
  distinctKeys: number;
  irregularKeys: number;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * One pass over the text with an explicit stack; no recursion, so depth cannot exhaust ours.
 *
 * @returns The keys that must not be read natively.
 */
function checkStructure(text: string, rules: ScanRules): readonly WrittenKey[] {
  const scan: Scan = {
    ...{ levels: [], keysAt: [], shapes: [], noKeys: {}, odd: [] },
    ...{ containers: 0, keys: 0, distinctKeys: 0, irregularKeys: 0 },
  };
  let isKeyNext = false;
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case QUOTE: {
        const end = stringEnd(text, i);
        if (isKeyNext) {
          const key = readKey(text, i, end);
          addKey(scan, key, i, rules);
          if (needsStandIn(key, end - i)) {
            scan.odd.push({ key, start: i, end });
            countIrregular(scan);
          }
          if (rules.integerKeys.has(key)) checkInteger(text, end);
        }
        isKeyNext = false;
        i = end - 1;
        break;
      }
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        isKeyNext = text.charCodeAt(i) === OPEN_OBJECT;
        open(scan, isKeyNext, i, rules);
        break;
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        scan.levels.pop();
        isKeyNext = false;
        break;
      case COMMA:
        isKeyNext = (scan.levels.at(-1) ?? 0) > 0;
    }
  }
  return scan.odd;
}

function open(scan: Scan, isObject: boolean, offset: number, rules: ScanRules): void {
  const { maximumDepth, maximumNodes } = rules;
  scan.containers++;
  scan.levels.push(isObject ? scan.containers : 0);
  const level = scan.levels.length - 1;
  const outer = scan.shapes[level - 1] ?? scan.noKeys;
  scan.shapes[level] = isObject ? outer.inner ??= {} : outer;
  if (scan.levels.length > maximumDepth) {
    throw new SyntaxError(`JSON nests deeper than ${maximumDepth} at ${offset}`);
  }
  assertAtMost(maximumNodes, scan.containers, "objects and arrays");
}

function assertAtMost(most: number, count: number, what: string): void {
  if (count > most) throw new SyntaxError(`JSON has more than ${most} ${what}`);
}

function stringEnd(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === BACKSLASH) i++;
    else if (c === QUOTE) return i + 1;
  }
  throw new SyntaxError(`JSON string is not closed at ${start}`);
}

function readKey(text: string, start: number, end: number): string {
  const key = text.slice(start + 1, end - 1);
  // "a" and "\u0061" are the same key
  return key.includes("\\") ? JSON.parse(text.slice(start, end)) as string : key;
}

function addKey(scan: Scan, key: string, offset: number, { maximumNodes }: ScanRules): void {
  const level = scan.levels.length - 1;
  const object = scan.levels[level] ?? 0;
  const keys = scan.keysAt[level] ??= new Map();
  const known = keys.get(key);
  if (known === undefined) {
    keys.set(key, { lastObject: object });
    scan.distinctKeys++;
  } else if (known.lastObject === object) {
    throw new AmbiguousJsonError(`JSON has a key twice at ${offset}`);
  } else known.lastObject = object;
  addToShape(scan, level, key);
  assertAtMost(maximumNodes, ++scan.keys, "keys");
  assertAtMost(MAX_JSON_DISTINCT_KEYS, scan.distinctKeys, "different keys");
}

/** Native parsers are fast where objects are alike: what is not costs many times more. */
function addToShape(scan: Scan, level: number, key: string): void {
  const before = scan.shapes[level] ?? scan.noKeys;
  const expected = before.lastKey === key ? before.last : undefined;
  scan.shapes[level] = expected ?? changeShape(scan, before, key);
}

/** What a key makes that is not the one that came here last time. */
function changeShape(scan: Scan, before: Shape, key: string): Shape {
  countIrregular(scan);
  const next = before.next ??= new Map();
  const shape = next.get(key) ?? {};
  next.set(key, shape);
  before.lastKey = key;
  before.last = shape;
  return shape;
}

function countIrregular(scan: Scan): void {
  assertAtMost(MAX_JSON_IRREGULAR_KEYS, ++scan.irregularKeys, "irregular keys");
}

/** Whether the number that follows a key, if one does, is written as a whole one. */
function checkInteger(text: string, keyEnd: number): void {
  const value = /[ \t\n\r]*:[ \t\n\r]*([-+.\deE]*)/y;
  value.lastIndex = keyEnd;
  const number = value.exec(text)?.[1] ?? "";
  if (number === "" || /^(?:0|-?[1-9]\d*)$/.test(number)) return;
  const start = value.lastIndex - number.length;
  throw new AmbiguousJsonError(`JSON number is not written as a whole number at ${start}`);
}
