import {
  abortable,
  type Clock,
  createDeadline,
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
  readonly exchange: Fetch;
  readonly clock: Clock;
  readonly realmPolicy: RealmPolicy;
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
  exchange: Pick<TokenExchange, "exchange" | "clock" | "timeoutMs">,
): Promise<readonly Challenge[]> {
  return await inTime(origin, exchange, async (signal) => {
    const request = new Request(`${origin}/v2/`, { ...REQUEST_MODE, signal });
    const response = await send(request, exchange, signal);
    await drain(response);
    const header = response.headers.get("www-authenticate");
    return response.status === 401 && header !== null ? parseChallenges(header) : [];
  });
}

/** Run an exchange with an endpoint, body included, for no longer than it may take. */
async function inTime<T>(
  endpoint: string,
  { clock, timeoutMs: milliseconds }: Pick<TokenExchange, "clock" | "timeoutMs">,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const origin = URL.canParse(endpoint) ? new URL(endpoint).origin : "";
  const details = { origin, phase: "total", milliseconds } as const;
  const what = `The token endpoint at ${origin}`;
  const { signal, dispose } = createDeadline(clock, details, undefined, what);
  try {
    return await run(signal);
  } finally {
    dispose();
  }
}

async function drain({ body }: Response): Promise<void> {
  await body?.cancel().catch(() => {});
}

/** @returns Undefined when the endpoint says "not this way" and there is another. */
async function ask(
  realm: string,
  method: TokenMethod,
  question: TokenQuestion,
  exchange: TokenExchange,
  isLast: boolean,
): Promise<Token | undefined> {
  const { clock, timeoutMs: stallMs } = exchange;
  return await inTime(realm, exchange, async (signal) => {
    const response = await follow(realm, method, question, exchange, signal);
    const { status, headers, body } = response;
    const { origin } = new URL(realm);
    if (status === 200) {
      const cap = { what: "token answer", maximum: MAX_TOKEN_BODY_BYTES };
      const bytes = await readCapped(body, { ...cap, origin, clock, stallMs, signal });
      return readTokenAnswer(bytes, { date: headers.get("date"), receivedAt: clock.now() });
    }
    await drain(response); // not read: an endpoint that was given a secret may repeat it there
    if (isLast || !isOtherWay(method, status)) throw refusal(response, origin, clock.now());
    return undefined;
  });
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
    const { url, credentials } = exchange.realmPolicy(next, from);
    if (question.credential !== undefined && !credentials) throw exchange.refuse(url);
    // a redirect has its own query: only the first hop gets ours
    const request = tokenRequest(url, method, question, signal);
    const response = await send(hop === 0 ? request : new Request(url, request), exchange, signal);
    if (method === "POST" || response.status < 300 || response.status > 399) return response;
    await drain(response);
    ({ status } = response);
    next = response.headers.get("location") ?? "";
    if (next === "" || !URL.canParse(next, url)) {
      throw unexpected(new URL(url).origin, status, "redirected to nowhere");
    }
    from = url;
  }
  throw unexpected(new URL(realm).origin, status, `redirected over ${MAX_REDIRECTS} times`);
}

async function send(
  request: Request,
  { exchange }: Pick<TokenExchange, "exchange">,
  signal: AbortSignal,
): Promise<Response> {
  const { origin } = new URL(request.url);
  try {
    return await abortable(exchange(request), signal);
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    if (isTidegateError(cause)) throw cause;
    const reason = cause instanceof Error ? cause.name : "unknown";
    const message = `The token endpoint at ${origin} cannot be reached`;
    throw new TidegateError("NETWORK_ERROR", message, { origin, reason }, { cause });
  }
}

function refusal({ status, headers }: Response, origin: string, now: number): TidegateError {
  const details = { status, origin, diagnostics: [] };
  const message = `The token endpoint at ${origin} answered ${status}`;
  if (status === 429) {
    const resetAt = parseRetryAfter(headers.get("retry-after"), now);
    return new TidegateError("RATE_LIMITED", message, { ...details, resetAt });
  }
  const code = status === 401
    ? "UNAUTHORIZED"
    : status === 403
    ? "FORBIDDEN"
    : status >= 500
    ? "SERVER_ERROR"
    : undefined;
  if (code !== undefined) return new TidegateError(code, message, details);
  return unexpected(origin, status, `answered ${status}`);
}

function unexpected(
  origin: string,
  status: number,
  what: string,
): TidegateError<"UNEXPECTED_RESPONSE"> {
  const details = { status, origin, diagnostics: [], reason: "token endpoint" };
  return new TidegateError(
    "UNEXPECTED_RESPONSE",
    `The token endpoint at ${origin} ${what}`,
    details,
  );
}
