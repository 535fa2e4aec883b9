import {
  createScrub,
  type Layer,
  MAX_REDIRECTS,
  type Method,
  type RegistryRequest,
  type RegistryResponse,
  type Send,
  TidegateError,
} from "../core/mod.ts";
import { observe, redactUrl } from "../observability/mod.ts";
import { answerAnonymously } from "./anonymous.ts";
import { discard } from "./discard.ts";
import { redirectedStream } from "./redirected_stream.ts";
import type { TransportSettings } from "./settings.ts";
import { askOrigin } from "./origin.ts";

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

/** All that another origin gets to see. No authorization, no cookie, nothing that is added later. */
const TRAVELLING: readonly string[] = [
  "accept",
  "range",
  "if-none-match",
  "content-type",
  "content-range",
];

/**
 * Follow redirects by hand, each hop through the origin policy.
 *
 * On the upstream's own origin the proof goes along. The first hop that leaves it drops the proof
 * for good: coming back does not restore it. A foreign target that challenges by itself gets one
 * anonymous token exchange and no more.
 *
 * @throws {TidegateError} ORIGIN_NOT_TRUSTED for a refused target; INVALID_RESPONSE for one
 * that is no URL; UNEXPECTED_RESPONSE for too many hops.
 */
export function withRedirect(settings: TransportSettings): Layer {
  const { observer, upstream } = settings;
  return (next) => async (request) => {
    let mayExchange = true;
    let current = request;
    for (let hop = 0;; hop++) {
      let response = await next(current);
      if (mayExchange && isForeignChallenge(settings, response)) {
        mayExchange = false;
        response = await retryAnonymously(settings, next, current, response);
      }
      const location = response.headers.get("location");
      if (!REDIRECTS.includes(response.status) || location === null) return response;
      discard(response, settings.clock);
      if (meansNotFound(settings, location, current.url)) {
        return { ...response, status: 404, headers: new Headers(), body: null, release: () => {} };
      }
      if (hop === MAX_REDIRECTS) throw tooManyHops(response);
      const from = redactUrl(current.url);
      current = follow(settings, current, location, response.status);
      const to = redactUrl(current.url);
      observe(observer, { type: "request.redirected", upstream: upstream.name, from, to });
    }
  };
}

function isForeignChallenge(
  { upstream: { origin } }: TransportSettings,
  { status, url }: RegistryResponse,
): boolean {
  return status === 401 && new URL(url).origin !== origin;
}

async function retryAnonymously(
  settings: TransportSettings,
  next: Send,
  request: RegistryRequest,
  response: RegistryResponse,
): Promise<RegistryResponse> {
  if (request.body instanceof ReadableStream) return response;
  const authorization = await answerAnonymously(settings, request, response);
  if (authorization === undefined) return response;
  discard(response, settings.clock);
  const scrub = createScrub(() => [authorization.replace("Bearer ", "")]);
  return { ...await next({ ...request, headers: { ...request.headers, authorization } }), scrub };
}

function follow(
  settings: TransportSettings,
  request: RegistryRequest,
  location: string,
  status: number,
): RegistryRequest {
  const method = nextMethod(request.method, status);
  const isRead = method === "GET" || method === "HEAD";
  const use = isRead ? "redirect" : "location";
  const { url, credentials } = askOrigin(settings, use, request.url, location);
  const { body, ...rest } = request;
  const staysHome = new URL(request.url).origin === settings.upstream.origin && credentials;
  const headers = staysHome ? request.headers : travelling(request.headers);
  const onward = { ...rest, method, url, headers };
  if (isRead || body === undefined) return onward;
  if (!(body instanceof ReadableStream)) return { ...onward, body };
  throw redirectedStream();
}

/** RFC 9110 15.4: 303 asks for a GET, 301 and 302 turn a POST into one, 307 and 308 change nothing. */
function nextMethod(method: Method, status: number): Method {
  if (status === 303) return method === "HEAD" ? "HEAD" : "GET";
  return (status === 301 || status === 302) && method === "POST" ? "GET" : method;
}

function travelling(headers: RegistryRequest["headers"]): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => TRAVELLING.includes(name)));
}

function meansNotFound(
  { upstream: { profile } }: TransportSettings,
  location: string,
  from: string,
): boolean {
  return URL.canParse(location, from) &&
    profile.notFoundRedirects.includes(new URL(location, from).hostname);
}

function tooManyHops(
  { url, status }: RegistryResponse,
): TidegateError<"UNEXPECTED_RESPONSE"> {
  const { origin } = new URL(url);
  const reason = `more than ${MAX_REDIRECTS} redirects`;
  const details = { status, origin, diagnostics: [], reason };
  return new TidegateError("UNEXPECTED_RESPONSE", `${origin}: ${reason}`, details);
}
