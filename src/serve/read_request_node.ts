import type { IncomingMessage, ServerResponse } from "node:http";
import { requestBody, type RequestBodyContext } from "./request_body_node.ts";

/** What making a request of a message needs. */
export interface RequestContext extends RequestBodyContext {
  /** The scheme that callers see: `http` or `https`. */
  readonly scheme: string;
}

/** A host with or without port. What else a URL could hold there, as a user's name, is refused. */
const HOST = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/;
const ABSOLUTE = /^https?:\/\/([^/?]*)(.*)$/is;

/**
 * Make a `Request` of a message, with its path as it was sent: a path that the URL parser would
 * rewrite (dots, escapes that it removes, spaces) is refused, for nobody behind it could tell.
 *
 * @returns The status of the refusal for a message that is none.
 */
export function readRequest(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  signal: AbortSignal,
  context: RequestContext,
): Request | number {
  const url = readUrl(incoming, context.scheme);
  if (url === undefined) return 400;
  const { method = "GET" } = incoming;
  if (method === "CONNECT" || method === "TRACE" || method === "TRACK") return 501;
  const takesBody = method !== "GET" && method !== "HEAD" && hasBody(incoming);
  try {
    return new Request(
      url,
      {
        ...{ method, headers: readHeaders(incoming), signal, duplex: "half" },
        body: takesBody ? requestBody(incoming, outgoing, context) : null,
      } as RequestInit,
    );
  } catch {
    return 400; // a header that the fetch standard does not take
  }
}

/** Whether bytes follow the head (RFC 9112, 6.3). */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/** Origin-form and absolute-form (RFC 9112, 3.2). */
function readUrl(incoming: IncomingMessage, scheme: string): string | undefined {
  const { url: target = "/", headersDistinct } = incoming;
  if ((headersDistinct["host"]?.length ?? 0) > 1) return undefined; // RFC 9112, 3.2
  const [, named = incoming.headers.host, rest = target] = ABSOLUTE.exec(target) ?? [];
  const host = named ?? hostOf(incoming);
  const path = rest === "" ? "/" : rest;
  if (!HOST.test(host) || !path.startsWith("/")) return undefined;
  const url = `${scheme}://${host}${path}`;
  const isAsSent = URL.canParse(url) && new URL(url).pathname === path.replace(/\?.*$/s, "");
  return isAsSent ? url : undefined;
}

/** HTTP/1.0 may leave it out. */
function hostOf({ socket: { localAddress = "", localPort } }: IncomingMessage): string {
  return localAddress.includes(":")
    ? `[${localAddress}]:${localPort}`
    : `${localAddress}:${localPort}`;
}

function readHeaders({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    headers.append(rawHeaders[i] ?? "", rawHeaders[i + 1] ?? "");
  }
  return headers;
}
