import {
  abortable,
  excerpt,
  type Fetch,
  platformFetch,
  type RegistryRequest,
  type RegistryResponse,
  type Send,
  TidegateError,
} from "../core/mod.ts";
import { keptConnection } from "./kept_connection_node.ts";
import { lentBytes } from "./lent_bytes_deno.ts";
import { networkError } from "./network_error.ts";
import { isNodesFetch, isRedirectError, streamedBytes } from "./streamed_bytes_node.ts";
import { redirectedStream } from "./redirected_stream.ts";
import type { TransportSettings } from "./settings.ts";

/** From here on a connection of its own, and its handshake, take less than is saved. */
const LARGE_BYTES: number = 32 * 1024 * 1024;

/** The innermost `Send`: one exchange through `fetch`, redirects not followed. */
export function createFetchSend(
  { fetch: usual, largeFetch = usual, userAgent }: Pick<
    TransportSettings,
    "fetch" | "largeFetch" | "userAgent"
  >,
): Send {
  let redirect: "manual" | "follow" = "manual";
  return async (request) => {
    const fetch = Number(request.answerBytes) >= LARGE_BYTES ? largeFetch : usual;
    const ask = (): Promise<Response> => exchange(fetch, request, userAgent, redirect);
    let response = await ask();
    if (response.type === "opaqueredirect") {
      redirect = "follow"; // learned once: this runtime shows no manual redirects
      response = await ask();
    }
    return toRegistryResponse(request, response);
  };
}

async function exchange(
  fetch: Fetch,
  request: RegistryRequest,
  userAgent: string,
  redirect: "manual" | "follow",
): Promise<Response> {
  const { signal } = request;
  const body = await bodyFor(fetch, request.body);
  const outgoing = toRequest(request, body, userAgent, redirect);
  try {
    return await abortable(
      fetch(outgoing),
      signal,
      (late) => void late.body?.cancel().catch(() => {}),
    );
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    if (outgoing.redirect === "error" && isRedirectError(cause)) throw redirectedStream();
    throw networkError(request.url, cause);
  }
}

/** A body in the form in which a runtime's own `fetch` does not copy it. */
async function bodyFor(
  fetch: Fetch,
  body: RegistryRequest["body"],
): Promise<NonNullable<RegistryRequest["body"]> | null> {
  if (!(body instanceof Uint8Array)) return body ?? null;
  return streamedBytes(body) ?? (fetch === platformFetch ? await lentBytes(body) : body);
}

function toRequest(
  { url, method, headers, body, signal }: RegistryRequest,
  sent: NonNullable<RegistryRequest["body"]> | null,
  userAgent: string,
  redirect: "manual" | "follow",
): Request {
  const isStreamed = sent instanceof ReadableStream;
  const length = isStreamed && body instanceof Uint8Array &&
    { "content-length": String(body.length) };
  const init: RequestInit & { duplex?: "half" } = {
    method,
    // identity: a runtime that decodes a body leaves Content-Length as it was for the encoded one
    headers: { "accept-encoding": "identity", "user-agent": userAgent, ...length, ...headers },
    // a stream cannot be sent again wherever it is redirected to: it need not be kept
    redirect: body instanceof ReadableStream && isNodesFetch() ? "error" : redirect,
    credentials: "omit",
    signal: signal ?? null,
    body: sent,
    ...keptConnection(method),
  };
  if (isStreamed) init.duplex = "half";
  try {
    return new Request(url, init);
  } catch {
    // no cause: the runtime's message may quote the offending header, an Authorization perhaps
    const input = excerpt(new URL(url).origin);
    const reason = "cannot be written as HTTP";
    const message = `The request to ${input} ${reason}`;
    throw new TidegateError("INVALID_RESPONSE", message, { what: "request", input, reason });
  }
}

function toRegistryResponse({ url }: RegistryRequest, response: Response): RegistryResponse {
  const { status, headers, body } = response;
  const answered = new URL((response.redirected && response.url) || url);
  answered.search = "";
  answered.hash = "";
  return { status, headers, body, url: answered.href, release: () => {} };
}
