import { secretSpellings } from "./sightings.ts";

/** What stands where a secret stood. It is a token, a path segment and a query value. */
export const STAND_IN = "redacted";

const SHORTEST_SECRET = 8; // a shorter one turns up by chance

/** Headers that say something about the protocol and hold no secret. All others are left out. */
const KEPT_HEADERS =
  /^(?:accept-ranges|allow|content-(?:length|range|type)|docker-[\w-]+|etag|if-(?:none-)?match|link|location|oci-[\w-]+|range|retry-after|(?:x-)?ratelimit-[\w-]+|warning|www-authenticate|x-github-api-version)$/;

/** Query keys whose values are shown. */
const KEPT_QUERY =
  /^(?:n|last|page|page_size|per_page|service|scope|digest|mount|from|artifactType|client_id|package_type|visibility)$/;

/** Fields of documents and forms whose values are hidden. */
const SECRET_FIELD = /token|secret|passw|jwt|signature|credential|api_?key/i;

/** Knows secrets and takes them out of texts. */
export interface Redactor {
  /** Learn one: it is hidden from now on, and must not be in what was recorded before. */
  learn(secret: string): void;
  url(url: string): string;
  headers(headers: Headers): Record<string, string>;
  /** A document of an API: values of telling fields are hidden. Content is left as it is. */
  text(text: string, contentType: string | null): string;
  /** The secrets, by their number, that are in a text in any spelling. */
  findIn(text: string): number;
}

/**
 * Make one.
 *
 * @param secrets Known from the start: 8 characters or more.
 * @throws {TypeError} If one is shorter.
 */
export function createRedactor(secrets: readonly string[]): Redactor {
  const spellings = new Set(secrets.flatMap(secretSpellings));
  const hide = (text: string): string => {
    let hidden = text;
    for (const spelling of spellings) hidden = hidden.replaceAll(spelling, STAND_IN);
    return hidden;
  };
  const redactor: Redactor = {
    learn(secret): void {
      if (secret.length < SHORTEST_SECRET || secret === STAND_IN) return;
      for (const spelling of secretSpellings(secret)) spellings.add(spelling);
    },
    url: (url) => hide(redactQuery(url)),
    headers: (headers) =>
      Object.fromEntries(
        [...headers].filter(([name]) => KEPT_HEADERS.test(name)).map(([name, value]) => {
          return [name, hide(redactHeader(name, value))];
        }),
      ),
    text: (text, contentType) => hide(redactDocument(text, contentType ?? "", redactor.learn)),
    findIn: (text) => [...spellings].filter((spelling) => text.includes(spelling)).length,
  };
  return redactor;
}

/** Every value but those known to be harmless; a key without a value may be a secret itself. */
function redactQuery(text: string): string {
  if (!URL.canParse(text)) return redactRelative(text);
  const url = new URL(text);
  url.username = "";
  url.password = "";
  url.hash = "";
  const shown = [...url.searchParams].map(([key, value]) => {
    if (KEPT_QUERY.test(key) || (key === "state" && /^(?:active|deleted)$/.test(value))) {
      return [key, value];
    }
    return [value === "" || key.length > 32 ? STAND_IN : key, STAND_IN];
  });
  url.search = new URLSearchParams(shown).toString();
  return url.href;
}

function redactRelative(text: string): string {
  const base = "https://base.invalid";
  return URL.canParse(text, base) ? redactQuery(new URL(text, base).href).slice(base.length) : "";
}

function redactHeader(name: string, value: string): string {
  if (name === "location") return redactQuery(value);
  if (name === "link") return value.replace(/<([^>]*)>/g, (_, url) => `<${redactQuery(url)}>`);
  return value;
}

function redactDocument(text: string, type: string, learn: Redactor["learn"]): string {
  if (type.startsWith("application/x-www-form-urlencoded")) return redactForm(text, learn);
  if (!/^\s*[[{]/.test(text)) return text;
  // by its strings, whole or cut: JSON.parse may take a key for another (nodejs/node#63785)
  return text.replace(FIELD, (field, key: string, between: string | undefined, value: string) => {
    if (between === undefined) return field;
    const [name, secret] = [unquote(key), unquote(value)];
    const isOneTimeCode = name === "code" && /^\d{6,8}$/.test(secret);
    if (secret === "" || !isOneTimeCode && !SECRET_FIELD.test(name)) return field;
    learn(secret);
    return `${key}${between}"${STAND_IN}"`;
  });
}

/** A string of JSON, and the string after its colon where it is a key with one. */
const FIELD = /("[^"\\]*(?:\\.[^"\\]*)*")(?:(\s*:\s*)("[^"\\]*(?:\\.[^"\\]*)*"))?/gs;

/** What a string of JSON says; as it is written, when it is none. */
function unquote(text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    return text.slice(1, -1);
  }
}

function redactForm(text: string, learn: Redactor["learn"]): string {
  const fields = [...new URLSearchParams(text)].map(([key, value]) => {
    if (!SECRET_FIELD.test(key)) return [key, value];
    learn(value);
    return [key, STAND_IN];
  });
  return new URLSearchParams(fields).toString();
}
