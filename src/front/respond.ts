import type { Answer } from "./answer.ts";
import { corsHeaders } from "./cors.ts";

/**
 * On every answer: nothing may run or render it, nothing shared may keep it.
 * What a registry stores is data, also when it looks like HTML.
 */
const ALWAYS: Readonly<Record<string, string>> = {
  "cache-control": "private, no-store",
  "content-disposition": "attachment",
  "content-security-policy": "default-src 'none'; sandbox",
  "docker-distribution-api-version": "registry/2.0",
  "vary": "accept, authorization, origin",
  "x-content-type-options": "nosniff",
};

/**
 * Make the `Response`. For HEAD the body is dropped and the headers stay, its length included:
 * with a body present workerd would drop `Content-Length`.
 */
export function respond(
  answer: Answer,
  request: Request,
  corsOrigins: readonly string[],
): Response {
  const headers = new Headers({
    ...ALWAYS,
    ...answer.headers,
    ...corsHeaders(corsOrigins, request.headers.get("origin")),
  });
  if (answer.length !== undefined) headers.set("content-length", String(answer.length));
  const body = request.method === "HEAD" ? null : answer.body;
  return new Response(body, { status: answer.status, headers });
}
