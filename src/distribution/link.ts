import { excerpt } from "../core/mod.ts";
import { refuseLong } from "./header_fields.ts";
import { invalidResponse } from "./invalid_response.ts";

/** One link of a `Link` header. */
export interface Link {
  /** As written: may be relative, may be hostile. */
  readonly target: string;
  /** By lower-case name; of a name given twice, the first. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** `; name`, `; name=value` or `; name="value"`. */
const PARAMETER =
  /[ \t]*;[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:[ \t]*=[ \t]*(?:([^\s",;<>]+)|"((?:[^"\\]|\\[\t -~])*)"))?/y;

/**
 * Read a `Link` header.
 *
 * @returns The links in order; empty for an empty header.
 * @throws {TidegateError} INVALID_RESPONSE when malformed, or longer than 64 KiB.
 * @see {@link https://www.rfc-editor.org/rfc/rfc8288#section-3 | RFC 8288 3}
 */
export function parseLink(header: string): Link[] {
  const text = refuseLong("Link", header);
  const links: Link[] = [];
  let at = skipEmpty(text, 0);
  while (at < text.length) {
    const end = text.indexOf(">", at);
    if (text[at] !== "<" || end === -1) throw malformed(text, at);
    const target = text.slice(at + 1, end);
    const parameters = new Map<string, string>();
    at = readParameters(text, end + 1, parameters);
    links.push({ target, parameters });
    const next = skipEmpty(text, at);
    if (next < text.length && !text.slice(at, next).includes(",")) throw malformed(text, next);
    at = next;
  }
  return links;
}

/** Write a link as {@linkcode parseLink} reads it. Values are quoted. */
export function formatLink({ target, parameters }: Link): string {
  const rest = [...parameters].map(([name, value]) => {
    return `; ${name}="${value.replace(/["\\]/g, "\\$&")}"`;
  });
  return `<${target}>${rest.join("")}`;
}

/**
 * Where the next page of a listing is, resolved against the page's own URL. Whether that place may
 * be asked is for the origin policy to say.
 *
 * @throws {TidegateError} INVALID_RESPONSE when the header is malformed, names several next pages,
 * something that is no URL, or the page itself.
 */
export function readNextLink(headers: Headers, pageUrl: string): string | undefined {
  const header = headers.get("link");
  if (header === null) return undefined;
  const targets = new Set(parseLink(header).filter(isNext).map(({ target }) => target));
  const [target] = targets;
  if (target === undefined) return undefined;
  if (targets.size > 1) throw invalidLink(header, "names several next pages");
  const next = URL.parse(target, pageUrl);
  if (next === null) throw invalidLink(header, "names a next page that is no URL");
  next.hash = ""; // a fragment is no part of what is asked for
  if (next.href === new URL(pageUrl).href) {
    throw invalidLink(header, "names the page itself as the next");
  }
  return next.href;
}

function isNext({ parameters }: Link): boolean {
  const relations = parameters.get("rel")?.toLowerCase().split(/[ \t]/) ?? [];
  return relations.includes("next");
}

function readParameters(text: string, start: number, parameters: Map<string, string>): number {
  let at = start;
  for (;;) {
    PARAMETER.lastIndex = at;
    const match = PARAMETER.exec(text);
    if (match === null) return at;
    at = PARAMETER.lastIndex;
    const [, name = "", token, quoted = ""] = match;
    const key = name.toLowerCase();
    if (!parameters.has(key)) parameters.set(key, token ?? quoted.replace(/\\(.)/g, "$1"));
  }
}

/** Lists may have empty elements: RFC 9110 5.6.1. */
function skipEmpty(text: string, start: number): number {
  let at = start;
  while (at < text.length && /[ \t,]/.test(text.charAt(at))) at++;
  return at;
}

function malformed(text: string, at: number): Error {
  return invalidLink(text, `breaks the grammar at ${at}`);
}

/** Queries are left out: a page's token, or a signature. */
function invalidLink(header: string, reason: string): Error {
  return invalidResponse("Link", excerpt(header.replace(/[?#][^\s">]*/g, "?…")), reason);
}
