import { excerpt, MAX_HEADER_BYTES, type TidegateError } from "../core/mod.ts";
import { invalidResponse } from "./invalid_response.ts";

/** One way in that a server offers. */
export interface Challenge {
  /** Lower case: `bearer`, `basic`, `negotiate`. Unknown schemes are kept. */
  readonly scheme: string;
  /** Names in lower case, values unquoted. Empty when `token68` is there. */
  readonly parameters: ReadonlyMap<string, string>;
  /** The scheme's single opaque value (`Negotiate YII…`). */
  readonly token68?: string;
}

/** Most challenges read. Servers send one to four. */
const MAX_CHALLENGES = 32;

/** RFC 9110 5.6.2. */
const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
/** RFC 9110 11.2, to the end of the list element. */
const TOKEN68 = /([-._~+/0-9A-Za-z]+=*)[ \t]*(?=,|$)/y;
/** Wider than a token: registries send `realm=https://…/token` without quotes. */
const UNQUOTED = /[^\s",\u0000-\u001f\u007f]+/y;
const BLANKS = /[ \t]*/y;
const SEPARATORS = /[ \t,]*/y;

/**
 * Read the challenges of a `WWW-Authenticate` header.
 *
 * Takes several challenges in one header and several headers joined with commas. Strict where two
 * readers could disagree: a parameter twice, an unclosed quote, or text between elements is refused.
 * Lenient where registries in use are: values without quotes may contain `/`, `:` and `=`.
 *
 * @param header The value, as `Headers.get` joins it.
 * @returns The challenges in order; empty for an empty header.
 * @throws {TidegateError} INVALID_RESPONSE when it breaks the grammar is over 64 KiB or has over 32 challenges.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1 | RFC 9110 11.6.1}
 *
 * @example Docker Hub
 * ```ts
 * import { parseChallenges } from "tidegate/auth";
 * const [challenge] = parseChallenges('Bearer realm="https://auth.docker.io/token",service="registry.docker.io"');
 * console.log(challenge?.parameters.get("service")); // registry.docker.io
 * ```
 */
export function parseChallenges(header: string): Challenge[] {
  if (header.length > MAX_HEADER_BYTES) throw invalid(header, `is over ${MAX_HEADER_BYTES} bytes`);
  const cursor: Cursor = { text: header, at: 0 };
  const challenges: Challenge[] = [];
  take(cursor, SEPARATORS);
  while (cursor.at < header.length) {
    if (challenges.length === MAX_CHALLENGES) throw invalid(header, `has over ${MAX_CHALLENGES}`);
    challenges.push(readChallenge(cursor));
  }
  return challenges;
}

/**
 * Write challenges as one header; every value is quoted.
 *
 * @throws {TypeError} If a scheme or name is no token, a token68 none, or a value has a control
 * character or one that a header cannot carry.
 */
export function formatChallenges(challenges: readonly Challenge[]): string {
  return challenges.map(formatChallenge).join(", ");
}

function formatChallenge({ scheme, parameters, token68 }: Challenge): string {
  assertWhole(TOKEN, scheme, "scheme");
  if (token68 !== undefined) {
    assertWhole(TOKEN68, token68, "token68");
    return `${scheme} ${token68}`;
  }
  const list = [...parameters].map(([name, value]) => {
    assertWhole(TOKEN, name, "parameter name");
    if (!/^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(value)) {
      throw new TypeError(`The value of ${name} has a character that a header cannot carry`);
    }
    return `${name}="${value.replace(/["\\]/g, "\\$&")}"`;
  });
  return list.length === 0 ? scheme : `${scheme} ${list.join(",")}`;
}

function assertWhole(pattern: RegExp, text: string, what: string): void {
  pattern.lastIndex = 0;
  if (pattern.exec(text)?.[0] !== text) throw new TypeError(`Not a ${what}: ${excerpt(text)}`);
}

interface Cursor {
  readonly text: string;
  at: number;
}

/** Consume what the sticky pattern matches here; undefined and no move when it does not. */
function take(cursor: Cursor, pattern: RegExp): string | undefined {
  pattern.lastIndex = cursor.at;
  const match = pattern.exec(cursor.text);
  if (match === null) return undefined;
  cursor.at += match[0].length;
  return match[1] ?? match[0];
}

function readChallenge(cursor: Cursor): Challenge {
  const scheme = take(cursor, TOKEN)?.toLowerCase();
  if (scheme === undefined) throw unexpected(cursor);
  const parameters = new Map<string, string>();
  const blanks = take(cursor, BLANKS);
  if (blanks !== "") {
    const token68 = take(cursor, TOKEN68);
    if (token68 !== undefined) {
      take(cursor, SEPARATORS);
      return { scheme, parameters, token68 };
    }
  }
  if (blanks !== "" && !atElementEnd(cursor)) readParameter(cursor, parameters);
  endElement(cursor);
  while (nextIsParameter(cursor)) {
    readParameter(cursor, parameters);
    endElement(cursor);
  }
  return { scheme, parameters };
}

/** After a comma, `name =` goes on with the same challenge; anything else starts the next one. */
function nextIsParameter(cursor: Cursor): boolean {
  const start = cursor.at;
  const isParameter = take(cursor, TOKEN) !== undefined &&
    take(cursor, BLANKS) !== undefined && cursor.text[cursor.at] === "=";
  cursor.at = start;
  return isParameter;
}

function readParameter(cursor: Cursor, parameters: Map<string, string>): void {
  const name = take(cursor, TOKEN)?.toLowerCase();
  take(cursor, BLANKS);
  if (name === undefined || cursor.text[cursor.at] !== "=") throw unexpected(cursor);
  cursor.at++;
  take(cursor, BLANKS);
  const isQuoted = cursor.text[cursor.at] === '"';
  const value = isQuoted ? readQuoted(cursor) : take(cursor, UNQUOTED);
  if (value === undefined) throw unexpected(cursor);
  if (parameters.has(name)) throw invalid(cursor.text, `has ${name} twice in one challenge`);
  parameters.set(name, value);
}

function readQuoted(cursor: Cursor): string {
  const { text } = cursor;
  let value = "";
  let from = cursor.at + 1;
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x22) {
      cursor.at = i + 1;
      return value + text.slice(from, i);
    }
    if (code === 0x5c) { // quoted-pair
      value += text.slice(from, i);
      from = ++i;
    }
    const shown = text.charCodeAt(i);
    if ((shown < 0x20 && shown !== 0x09) || shown === 0x7f) {
      throw invalid(text, `has a control character at ${i}`);
    }
  }
  throw invalid(text, `has a quote that is not closed at ${cursor.at}`);
}

function atElementEnd({ text, at }: Cursor): boolean {
  return at === text.length || text[at] === ",";
}

function endElement(cursor: Cursor): void {
  take(cursor, BLANKS);
  if (!atElementEnd(cursor)) throw unexpected(cursor);
  take(cursor, SEPARATORS);
}

function unexpected({ text, at }: Cursor): TidegateError<"INVALID_RESPONSE"> {
  return invalid(text, `breaks the grammar at ${at}`);
}

function invalid(header: string, reason: string): TidegateError<"INVALID_RESPONSE"> {
  // a realm's query may be anything
  const input = excerpt(header.slice(0, 256).replace(/\?[^\s",]*/g, "?…"), 128);
  return invalidResponse("WWW-Authenticate", reason, input);
}
