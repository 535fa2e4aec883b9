import { isAlias, isMap, isScalar, isSeq, Lexer, type Node, parseDocument } from "yaml";
import { configurationError } from "./configuration_error.ts";

/** A file by hand has a few KiB. */
export const MAX_CONFIG_BYTES: number = 32 * 1024;

/** The documented file has 250 tokens, spaces and comments included; each takes the parser up to 50 µs. */
const MAX_TOKENS = 2048;
const MAX_DEPTH = 16;

/** A value as YAML writes it. Objects have no prototype. */
export type YamlValue =
  | string
  | number
  | boolean
  | null
  | readonly YamlValue[]
  | { readonly [key: string]: YamlValue };

/**
 * Parse YAML 1.2, of which JSON is a part, as plain data: no anchors, aliases, tags or merge keys,
 * and no key twice.
 *
 * @throws {TidegateError} CONFIGURATION: it says the rule, and the line for what is no YAML. Never
 * more of the text, which may be a secret.
 */
export function parseYaml(text: string): YamlValue {
  if (text.length > MAX_CONFIG_BYTES) {
    throw configurationError("", text, `must be at most ${MAX_CONFIG_BYTES} bytes`);
  }
  if (hasMoreTokens(text, MAX_TOKENS)) {
    throw configurationError("", text, `must have at most ${MAX_TOKENS} words, signs and lines`);
  }
  return valueOf(parseNodes(text), "", 0);
}

function hasMoreTokens(text: string, most: number): boolean {
  let count = 0;
  for (const _ of new Lexer().lex(text)) if (++count > most) return true;
  return false;
}

function parseNodes(text: string): Node | null {
  let line: number | undefined;
  try {
    const document = parseDocument(text, {
      ...{ version: "1.2", schema: "core", merge: false, stringKeys: true },
      ...{ uniqueKeys: false, strict: true, logLevel: "error", prettyErrors: true },
    });
    const [problem] = document.errors;
    if (problem === undefined) return document.contents;
    line = problem.linePos?.[0].line;
  } catch {
    // nested too deep for the parser
  }
  const where = line === undefined ? "" : `, which line ${line} is not`;
  throw configurationError("", text, `must be one document of YAML${where}`);
}

function valueOf(node: unknown, key: string, depth: number): YamlValue {
  if (node === null || node === undefined) return null; // a key without a value
  if (depth > MAX_DEPTH) {
    throw configurationError(key, undefined, `must nest at most ${MAX_DEPTH} deep`);
  }
  if (isAlias(node)) throw configurationError(key, undefined, "must not be an alias");
  const { anchor, tag } = node as { readonly anchor?: string; readonly tag?: string };
  if (anchor !== undefined) throw configurationError(key, undefined, "must not have an anchor");
  if (tag !== undefined) throw configurationError(key, undefined, "must not have a tag");
  if (isSeq(node)) {
    return node.items.map((item, i) => valueOf(item, `${key}[${i}]`, depth + 1));
  }
  if (isMap(node)) return objectOf(node.items, key, depth);
  return isScalar(node) ? scalarOf(node.value) : null;
}

function objectOf(
  pairs: readonly { readonly key: unknown; readonly value: unknown }[],
  key: string,
  depth: number,
): YamlValue {
  const object = Object.create(null) as Record<string, YamlValue>;
  for (const pair of pairs) {
    const name = isScalar(pair.key) ? String(pair.key.value) : undefined;
    if (name === undefined) throw configurationError(key, undefined, "must have texts as keys");
    const inner = key === "" ? name : `${key}.${name}`;
    if (name in object) throw configurationError(inner, undefined, "is given twice");
    object[name] = valueOf(pair.value, inner, depth + 1);
  }
  return object;
}

function scalarOf(value: unknown): YamlValue {
  const isPlain = typeof value === "string" || typeof value === "number" ||
    typeof value === "boolean";
  return isPlain ? value : null;
}
