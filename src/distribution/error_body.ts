import {
  type Json,
  MAX_ERROR_BODY_BYTES,
  parseJson,
  type RegistryDiagnostic,
  type Scrub,
} from "../core/mod.ts";
import type { WireErrorCode } from "./error_status.ts";

const MAX_DIAGNOSTICS = 16;
const MAX_CODE_LENGTH = 64;
const MAX_MESSAGE_LENGTH = 512;

/** Where registries and their relatives put the text, the most telling first. */
const MESSAGE_KEYS = ["message", "detail", "error_description", "text", "error", "description"];

/**
 * Read what a registry says about a failure. Never throws: a body may be the spec's document, other
 * JSON, text, a web page or nothing.
 *
 * Only the first 64 KiB, 16 problems and 512 characters of each message are kept; control and
 * direction characters, the queries of URLs, which may hold signatures, and what follows `Basic` or
 * `Bearer` are not.
 *
 * @param contentType Value of `Content-Type`, null or undefined for none.
 * @param scrub Takes out what was sent in confidence, before anything is cut. Default is nothing.
 * @returns Empty when the body says nothing.
 */
export function readErrorBody(
  bytes: Uint8Array,
  contentType: string | null | undefined,
  scrub: Scrub = String,
): RegistryDiagnostic[] {
  const text = new TextDecoder().decode(bytes.subarray(0, MAX_ERROR_BODY_BYTES)).trim();
  return readProblems(isHtml(text, contentType ?? "") ? titleOf(text) : tryParseJson(text))
    .slice(0, MAX_DIAGNOSTICS)
    .map(({ code, message }) => ({
      code: cleanCode(scrub(code)),
      message: cleanMessage(scrub(message)),
    }))
    .filter(({ code, message }) => code !== "" || message !== "");
}

/**
 * Write the spec's error document: the only place that does.
 *
 * @param message For people. Nothing secret, nothing of an upstream.
 * @param detail Anything machine-readable.
 * @returns JSON, to be sent as `application/json`.
 */
export function writeErrorBody(code: WireErrorCode, message: string, detail?: Json): string {
  return JSON.stringify({
    errors: [{ code, message, ...(detail === undefined ? {} : { detail }) }],
  });
}

function readProblems(json: Json): RegistryDiagnostic[] {
  if (typeof json === "string") return [{ code: "", message: json }];
  if (typeof json !== "object" || json === null) return [];
  if (Array.isArray(json)) return json.slice(0, MAX_DIAGNOSTICS).flatMap(readProblems);
  const fields = json as { readonly [key: string]: Json };
  const { code, errors, error } = fields;
  for (const inner of [errors, error]) {
    if (typeof inner === "object" && inner !== null) return readProblems(inner);
  }
  const texts = MESSAGE_KEYS.map((name) => fields[name]).filter((value) => {
    return typeof value === "string" && value !== "";
  });
  return [{
    code: typeof code === "string" || typeof code === "number" ? `${code}` : "",
    message: `${texts[0] ?? ""}`,
  }];
}

/** The text itself where it is no JSON. */
function tryParseJson(text: string): Json {
  try {
    return /^[[{"]/.test(text) ? parseJson(text) : text;
  } catch {
    return text;
  }
}

function isHtml(text: string, contentType: string): boolean {
  return /^\s*text\/html/i.test(contentType) || /^<(?:!doctype|html)/i.test(text);
}

function titleOf(html: string): string {
  const open = html.search(/<title/i);
  const start = html.indexOf(">", open) + 1;
  const end = html.indexOf("<", start);
  const title = open === -1 || start === 0 || end === -1 ? "" : html.slice(start, end).trim();
  return title === "" ? "a web page" : `a web page: ${title}`;
}

function cleanCode(code: string): string {
  return code.slice(0, MAX_CODE_LENGTH).replace(/[^\w.:-]/g, "_");
}

function cleanMessage(message: string): string {
  return message
    .slice(0, 2 * MAX_MESSAGE_LENGTH)
    .replace(/\p{Cc}|\p{Cf}|[\u2028\u2029\s]/gu, " ")
    .replace(/ {2,}/g, " ")
    .replace(/(:\/\/[^\s"'<>?#]*)[?#][^\s"'<>]*/g, "$1")
    // servers that debug repeat the Authorization that they were sent
    .replace(/\b(basic|bearer) +(?=\S*[\d=]|\S{20})[\w.~+/=-]{8,}/gi, "$1 [hidden]")
    .slice(0, MAX_MESSAGE_LENGTH)
    .toWellFormed()
    .trim();
}
