import {
  abortable,
  type Clock,
  type Fetch,
  isTidegateError,
  MAX_REDIRECTS,
  MAX_TOKEN_BODY_BYTES,
  parseRetryAfter,
  readCapped,
  TidegateError,
} from "../core/mod.ts";
import { type Challenge, parseChallenges } from "./challenge.ts";
import { readTokenAnswer, type Token } from "./token.ts";
import {
  isOtherWay,
  REQUEST_MODE,
  type TokenMethod,
  tokenMethods,
  type TokenQuestion,
  tokenRequest,
} from "./token_request.ts";

/**
 * Judges a token endpoint: the URL to use and whether credentials may go there. It sees the text as
 * it was sent.
 *
 * `from` is the URL of the token endpoint that redirects there; absent for what the upstream's own
 * challenge named.
 * @throws {TidegateError} ORIGIN_NOT_TRUSTED when it must not be asked at all; INVALID_RESPONSE.
 */
export type RealmPolicy = (
  realm: string,
  from?: string,
) => { readonly url: string; readonly credentials: boolean };

/** What {@linkcode fetchToken} works with. */
export interface TokenExchange {
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly policy: RealmPolicy;
  /** Longest wait for a whole answer, in milliseconds. */
  readonly timeoutMs: number;
  /** Makes the error for a credential that the policy withholds. */
  readonly refuse: (realm: string) => Error;
}

/** A token, and how it was got. */
export interface FetchedToken {
  readonly token: Token;
  readonly realm: string;
  readonly method: TokenMethod;
}

/**
 * Ask a token endpoint, by the ways that {@linkcode tokenMethods} gives. Redirects of a GET are
 * followed, each hop judged again; a POST is never redirected.
 *
 * @throws {TidegateError} UNAUTHORIZED or FORBIDDEN when the endpoint refuses; RATE_LIMITED,
 * SERVER_ERROR, NETWORK_ERROR, NETWORK_TIMEOUT, all transient; UNEXPECTED_RESPONSE, INVALID_RESPONSE,
 * LIMIT_EXCEEDED for what is no proper answer; whatever `refuse` makes.
 */
export async function fetchToken(
  realm: string,
  question: TokenQuestion,
  exchange: TokenExchange,
): Promise<FetchedToken> {
  const methods = tokenMethods(question.credential);
  for (const [i, method] of methods.entries()) {
    const isLast = i === methods.length - 1;
    const token = await ask(realm, method, question, exchange, isLast);
    if (token !== undefined) return { token, realm: new URL(realm).origin, method };
  }
  throw new TypeError("There is no way to ask for a token");
}

/**
 * What a registry asks for at `/v2/`, without credentials.
 *
 * @returns Empty when it asks for nothing or cannot be asked.
 * @throws {TidegateError} INVALID_RESPONSE for a broken challenge; NETWORK_ERROR, NETWORK_TIMEOUT.
 */
export async function pingChallenges(
  origin: string,
  exchange: Pick<TokenExchange, "fetch" | "clock" | "timeoutMs">,
): Promise<readonly Challenge[]> {
  const abort = new AbortController();
  const { clock, timeoutMs } = exchange;
  const stop = clock.after(timeoutMs, () => abort.abort(tookTooLong(origin, timeoutMs)));
  try {
    const request = new Request(`${origin}/v2/`, { ...REQUEST_MODE, signal: abort.signal });
    const response = await send(request, exchange, abort.signal);
    await response.body?.cancel().catch(() => {});
    const header = response.headers.get("www-authenticate");
    return response.status === 401 && header !== null ? parseChallenges(header) : [];
  } finally {
    stop();
  }
}

/** @returns Undefined when the endpoint says "not this way" and there is another. */
async function ask(
  realm: string,
  method: TokenMethod,
  question: TokenQuestion,
  exchange: TokenExchange,
  isLast: boolean,
): Promise<Token | undefined> {
  const abort = new AbortController();
  const { clock, timeoutMs } = exchange;
  const stop = clock.after(timeoutMs, () => abort.abort(tookTooLong(realm, timeoutMs)));
  try {
    const response = await follow(realm, method, question, exchange, abort.signal);
    if (!isLast && isOtherWay(method, response.status)) {
      await response.body?.cancel().catch(() => {});
      return undefined;
    }
    if (response.status !== 200) throw await refusal(response, realm, clock.now());
    return readTokenAnswer(await readBody(response, realm, exchange, abort.signal), {
      date: response.headers.get("date"),
      receivedAt: clock.now(),
    });
  } finally {
    stop();
  }
}

async function follow(
  realm: string,
  method: TokenMethod,
  question: TokenQuestion,
  exchange: TokenExchange,
  signal: AbortSignal,
): Promise<Response> {
  let next = realm;
  let from: string | undefined;
  let status = 0;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const { url, credentials } = exchange.policy(next, from);
    if (question.credential !== undefined && !credentials) throw exchange.refuse(url);
    // a redirect has its own query: only the first hop gets ours
    const request = tokenRequest(url, method, question, signal);
    const response = await send(hop === 0 ? request : new Request(url, request), exchange, signal);
    if (method === "POST" || response.status < 300 || response.status > 399) return response;
    await response.body?.cancel().catch(() => {});
    ({ status } = response);
    next = nextHop(response, url);
    from = url;
  }
  throw unexpected(realm, status, `The token endpoint redirected over ${MAX_REDIRECTS} times`);
}

function nextHop(response: Response, url: string): string {
  const location = response.headers.get("location");
  if (location !== null && URL.canParse(location, url)) return location;
  throw unexpected(url, response.status, "The token endpoint redirected to nowhere");
}

async function send(
  request: Request,
  { fetch }: Pick<TokenExchange, "fetch">,
  signal: AbortSignal,
): Promise<Response> {
  const { origin } = new URL(request.url);
  try {
    return await abortable(fetch(request), signal);
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    if (isTidegateError(cause)) throw cause;
    const reason = cause instanceof Error ? cause.name : "unknown";
    throw new TidegateError("NETWORK_ERROR", `The token endpoint at ${origin} cannot be reached`, {
      origin,
      reason,
    }, { cause });
  }
}

function readBody(
  response: Response,
  realm: string,
  { clock, timeoutMs }: TokenExchange,
  signal: AbortSignal,
): Promise<Uint8Array> {
  return readCapped(response.body, {
    what: "token answer",
    maximum: MAX_TOKEN_BODY_BYTES,
    origin: new URL(realm).origin,
    clock,
    stallMs: timeoutMs,
    signal,
  });
}

/** The body is not read: an endpoint that was given a secret may repeat it there. */
async function refusal(response: Response, realm: string, now: number): Promise<TidegateError> {
  await response.body?.cancel().catch(() => {});
  const { status } = response;
  const details = { status, origin: new URL(realm).origin, diagnostics: [] };
  const message = `The token endpoint at ${details.origin} answered ${status}`;
  if (status === 401) return new TidegateError("UNAUTHORIZED", message, details);
  if (status === 403) return new TidegateError("FORBIDDEN", message, details);
  if (status === 429) {
    const resetAt = parseRetryAfter(response.headers.get("retry-after"), now);
    return new TidegateError("RATE_LIMITED", message, { ...details, resetAt });
  }
  if (status >= 500) return new TidegateError("SERVER_ERROR", message, details);
  return unexpected(realm, status, message);
}

function unexpected(
  realm: string,
  status: number,
  message: string,
): TidegateError<"UNEXPECTED_RESPONSE"> {
  return new TidegateError("UNEXPECTED_RESPONSE", message, {
    status,
    origin: new URL(realm).origin,
    diagnostics: [],
    reason: "token endpoint",
  });
}

function tookTooLong(realm: string, milliseconds: number): TidegateError<"NETWORK_TIMEOUT"> {
  const { origin } = new URL(realm);
  return new TidegateError(
    "NETWORK_TIMEOUT",
    `The token endpoint at ${origin} took over ${milliseconds} ms`,
    { origin, phase: "total", milliseconds },
  );
}
