import type { Authorizer } from "../auth/mod.ts";
import { responseFailure } from "../client/mod.ts";
import {
  type Clock,
  encodeUtf8,
  isTidegateError,
  type Json,
  type Method,
  type RegistryRequest,
  type RegistryResponse,
  type Secret,
  type Send,
  TidegateError,
  type Upstream,
} from "../core/mod.ts";
import type { Observer } from "../observability/mod.ts";
import { readAnswer } from "../rest/mod.ts";
import { discard } from "../transport/mod.ts";
import { hubEndpoint } from "./api_endpoint.ts";
import { type ApiRateLimit, readApiRateLimit } from "./api_rate_limit.ts";
import { hubAnswer } from "./fields.ts";
import { isSameToken, noCredential, type Session } from "./session.ts";

/** One call of Docker Hub's API. */
export interface ApiCall {
  /** Default is `GET`. */
  readonly method?: Method;
  /** An absolute URL on the API's origin, its parts escaped. */
  readonly url: string;
  readonly body?: Json;
  /** What is asked for, as a user would write it: for errors. */
  readonly what: string;
  /** Without a login it is not even asked. Default is `false`: it may be public. */
  readonly needsLogin?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** What came back: a success, with its body read. */
export interface ApiAnswer {
  readonly status: number;
  /** Undefined for an empty body. */
  readonly body: Json | undefined;
}

/** Docker Hub's API, logged in where that is needed. */
export interface HubApi {
  readonly upstream: Upstream;
  readonly observer: Observer | undefined;
  /**
   * @throws {TidegateError} What the login throws; CREDENTIALS; UNAUTHORIZED, FORBIDDEN, NOT_FOUND,
   * RATE_LIMITED, SERVER_ERROR, UNEXPECTED_RESPONSE as the API answers; INVALID_RESPONSE for a body
   * that is no JSON; LIMIT_EXCEEDED; ORIGIN_NOT_TRUSTED for a redirect elsewhere; NETWORK_ERROR…
   */
  call(call: ApiCall): Promise<ApiAnswer>;
  /** What the last answer said of the limit; undefined before the first. */
  rateLimit(): ApiRateLimit | undefined;
}

/** What a {@linkcode HubApi} is made of. */
export interface HubApiOptions {
  readonly upstream: Upstream;
  readonly session: Session;
  /** Authorizes by {@linkcode sessionAuthorizer}. */
  readonly send: Send;
  readonly clock: Clock;
  readonly observer: Observer | undefined;
}

/** Largest answer read: 100 repositories with descriptions of 100 characters are 100 KiB. */
const MAX_ANSWER_BYTES: number = 2 * 1024 * 1024;

const STALL_MS = 15_000;

/** Sends the session's token to the API's own origin, and answers no challenge. */
export function sessionAuthorizer(session: Session, { origin }: Upstream): Authorizer {
  return {
    async authorization({ url }): Promise<string | undefined> {
      const token = session.current();
      const isOwn = new URL(url).origin === origin;
      return isOwn && token !== undefined ? `Bearer ${token.reveal()}` : undefined;
    },
    answer: () => Promise.resolve(undefined),
    secrets: session.secrets,
  };
}

/** @see {@linkcode HubApi} */
export function createHubApi(options: HubApiOptions): HubApi {
  const { upstream, session, send, clock, observer } = options;
  let limit: ApiRateLimit | undefined;
  const exchange = async (request: RegistryRequest): Promise<RegistryResponse> => {
    const response = await send(request);
    limit = readApiRateLimit(response.headers, clock.now()) ?? limit;
    return response;
  };
  return {
    upstream,
    observer,
    rateLimit: () => limit,
    async call(call): Promise<ApiAnswer> {
      const { signal, what } = call;
      const request = toRequest(call);
      const token = await session.token(signal);
      if (token === undefined && call.needsLogin) throw noCredential(upstream);
      let response = await exchange(request);
      if (response.status === 401 && token !== undefined) {
        const isRenewed = await renew(session, token, signal);
        if (isRenewed) {
          discard(response, clock);
          response = await exchange(request);
        }
      }
      if (response.status < 200 || response.status > 299) {
        throw withReset(await responseFailure(response, what, clock, signal), limit);
      }
      const limits = { maximum: MAX_ANSWER_BYTES, stallMs: STALL_MS, clock, signal };
      const body = await readAnswer(hubAnswer, response, "the body", limits);
      return { status: response.status, body };
    },
  };
}

function toRequest({ method = "GET", url, body, signal }: ApiCall): RegistryRequest {
  const headers = { accept: "application/json" };
  return {
    method,
    url,
    headers: body === undefined ? headers : { ...headers, "content-type": "application/json" },
    kind: "api",
    endpoint: hubEndpoint(url),
    scopes: [],
    ...(body !== undefined && { body: encodeUtf8(JSON.stringify(body)) }),
    ...(signal && { signal }),
  };
}

/** Whether there is another token now than the one that was refused. */
async function renew(session: Session, refused: Secret, signal?: AbortSignal): Promise<boolean> {
  await session.refuse(refused);
  const next = await session.token(signal);
  return next !== undefined && !isSameToken(next, refused);
}

/** A 429 without `Retry-After` may still have said when the window ends. */
function withReset(error: TidegateError, limit: ApiRateLimit | undefined): TidegateError {
  if (!isTidegateError(error, "RATE_LIMITED") || error.details.resetAt !== undefined) return error;
  const details = { ...error.details, resetAt: limit?.resetAt };
  return new TidegateError("RATE_LIMITED", error.message, details);
}
