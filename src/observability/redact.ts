import { excerpt, isTidegateError } from "../core/mod.ts";
import { redactHeaders } from "./redact_headers.ts";
import { redactUrl } from "./redact_url.ts";

const HIDDEN = "[hidden]";
const MAX_DEPTH = 6;
const MAX_ENTRIES = 100;
const MAX_TEXT = 2048;

/** Names whose values are never shown, whatever they are. */
const SECRET_NAME =
  /auth(?:orization|entication)?$|pass(?:word|wd|phrase)?$|secret|token|cookie|credential|api.?key|signature|private.?key|^key$|jwt|bearer/i;

/** What looks like a secret wherever it stands: proof in headers, JWTs, tokens of vendors. */
const SECRET_TEXT: readonly RegExp[] = [
  /\b(?:Bearer|Basic|JWT|Digest)\s+[\w.~+/=-]{4,}/gi,
  /\beyJ[\w-]{4,}\.[\w-]+\.[\w-]*/g,
  /\b(?:dckr_(?:pat|oat)_|gh[pousr]_|github_pat_|glpat-)[\w-]+/g,
  /\b((?:access_|refresh_|id_)?token|password|passwd|secret|signature|sig|api_?key)(["']?\s*[=:]\s*)["']?[^\s"'&,;}]+/gi,
];
const URL_TEXT = /\b[a-z][a-z0-9+.-]{1,16}:\/\/[^\s"'<>]+/gi;

/**
 * A value fit for a log, as plain data: secrets by name and by looks are hidden, URLs are shown as
 * {@linkcode redactUrl} does, headers as {@linkcode redactHeaders}. Bounded in depth, entries and
 * length. Never throws.
 */
export function redact(value: unknown): unknown {
  try {
    return redactValue(value, 0);
  } catch {
    return "[unreadable]"; // a getter that throws
  }
}

/** A text fit for a log. */
export function redactText(text: string): string {
  const cut = excerpt(text, MAX_TEXT).replace(URL_TEXT, (url) => redactUrl(url));
  return SECRET_TEXT.reduce((shown, pattern) => shown.replace(pattern, HIDDEN), cut);
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value === "bigint") return String(value);
  if (typeof value === "function" || typeof value === "symbol") return `[${typeof value}]`;
  if (typeof value !== "object" || value === null) return value;
  if (depth === MAX_DEPTH) return "[deeper]";
  if (value instanceof Error) return redactError(value, depth);
  if (value instanceof Headers) return redactHeaders(value);
  if (value instanceof URL) return redactUrl(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    return `[${value.byteLength} bytes]`;
  }
  if (value instanceof Map || value instanceof Set) return redactValue([...value], depth);
  if (Array.isArray(value)) {
    return value.slice(0, MAX_ENTRIES).map((one) => redactValue(one, depth + 1));
  }
  return redactObject(value, depth);
}

function redactError(error: Error, depth: number): unknown {
  const { name, message } = error;
  if (!isTidegateError(error)) return { name: redactText(name), message: redactText(message) };
  return redactObject({ ...error.toJSON() }, depth);
}

function redactObject(value: object, depth: number): unknown {
  const { toJSON } = value as { readonly toJSON?: unknown };
  if (typeof toJSON === "function") return redactValue(toJSON.call(value), depth + 1);
  return Object.fromEntries(
    Object.entries(value).slice(0, MAX_ENTRIES).map(([key, inner]) => [
      excerpt(key, 128),
      SECRET_NAME.test(key) && inner !== undefined ? HIDDEN : redactValue(inner, depth + 1),
    ]),
  );
}
