import {
  type Clock,
  encodeUtf8,
  isJsonObject,
  type Json,
  type JsonObject,
  MAX_TOKEN_BODY_BYTES,
  parseJson,
  readResponse,
  type RegistryResponse,
  Secret,
  type Send,
  TidegateError,
} from "../core/mod.ts";
import { responseError } from "../distribution/mod.ts";
import { hubAnswer } from "./fields.ts";
import { readJwtTimes } from "./jwt_times.ts";

/** What a login is sent with. */
export interface LoginExchange {
  /** Where the API is. */
  readonly origin: string;
  /** Adds no authorization of its own. */
  readonly send: Send;
  readonly clock: Clock;
}

/** A token of Docker Hub's API. */
export interface HubToken {
  readonly value: Secret;
  /** Milliseconds since the epoch, by our clock. */
  readonly expiresAt: number;
}

/** A user with a password or personal access token, or an organisation with one of its own. */
export interface HubAccount {
  /** User name; for an organisation's token, the organisation. */
  readonly username: string;
  readonly password: Secret;
}

/** Lifetime of a token that does not tell its own: Docker's documentation says ten minutes. */
const LIFETIME_MS: number = 10 * 60_000;

/** Longest lifetime believed, as with registry tokens: a longer one only delays that a right ends. */
const MAX_LIFETIME_MS: number = 60 * 60_000;

const STALL_MS = 15_000;

/** The login of today is not there: a proxy, or an API of yesterday. */
const ABSENT: readonly number[] = [404, 405, 410, 501];

/**
 * Log in: `POST /v2/auth/token`, and where that is not there, `POST /v2/users/login`.
 *
 * A password that the first one refuses is shown to the second too, as only that one says that there
 * is a second factor. A token (`dckr_…`) is shown once.
 *
 * @throws {TidegateError} TWO_FACTOR_REQUIRED; UNAUTHORIZED, FORBIDDEN, RATE_LIMITED, SERVER_ERROR,
 * UNEXPECTED_RESPONSE as the API answers; INVALID_RESPONSE for an answer without token. None shows
 * anything of an answer: it was made from a secret.
 */
export async function logIn(
  exchange: LoginExchange,
  { username, password }: HubAccount,
  signal?: AbortSignal,
): Promise<HubToken> {
  const secret = password.reveal();
  const answer = await ask(exchange, "/v2/auth/token", { identifier: username, secret }, signal);
  const isPassword = !/^dckr_[a-z]+_/.test(secret);
  const hasOtherWay = ABSENT.includes(answer.status) || (answer.status === 401 && isPassword);
  if (!hasOtherWay || loginTokenOf(answer) !== undefined) return readToken(exchange, answer);
  const body = { username, password: secret };
  return readToken(exchange, await ask(exchange, "/v2/users/login", body, signal));
}

/**
 * The second step of a login with two factors: `POST /v2/users/2fa-login`.
 *
 * @param loginToken What TWO_FACTOR_REQUIRED carries.
 * @param code What the user's device shows.
 * @throws {TidegateError} As {@linkcode logIn}; UNAUTHORIZED for a wrong code.
 */
export async function logInWithCode(
  exchange: LoginExchange,
  loginToken: Secret,
  code: string,
  signal?: AbortSignal,
): Promise<HubToken> {
  const body = { login_2fa_token: loginToken.reveal(), code };
  return readToken(exchange, await ask(exchange, "/v2/users/2fa-login", body, signal));
}

interface LoginAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly fields: JsonObject;
}

async function ask(
  { origin, send, clock }: LoginExchange,
  path: string,
  body: Json,
  signal: AbortSignal | undefined,
): Promise<LoginAnswer> {
  const response = await send({
    method: "POST",
    url: origin + path,
    headers: { accept: "application/json", "content-type": "application/json" },
    // a code can be used once
    kind: path.endsWith("2fa-login") ? "api" : "token",
    endpoint: "login",
    scopes: [],
    body: encodeUtf8(JSON.stringify(body)),
    ...(signal && { signal }),
  });
  const { status, headers } = response;
  return { status, headers, fields: await readFields(response, clock, signal) };
}

/** What is no JSON object has no fields. */
async function readFields(
  response: RegistryResponse,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<JsonObject> {
  const cap = { what: "login answer", maximum: MAX_TOKEN_BODY_BYTES, stallMs: STALL_MS };
  const bytes = await readResponse(response, { ...cap, clock, signal });
  try {
    const json = parseJson(bytes);
    return isJsonObject(json) ? json : {};
  } catch {
    return {};
  }
}

/** What a 401 has for accounts with a second factor. */
function loginTokenOf({ status, fields }: LoginAnswer): string | undefined {
  const token = fields["login_2fa_token"];
  return status === 401 && typeof token === "string" && token !== "" ? token : undefined;
}

function readToken({ origin, clock }: LoginExchange, answer: LoginAnswer): HubToken {
  const { status, headers, fields } = answer;
  const now = clock.now();
  if (status === 200) {
    const value = tokenOf(fields["access_token"]) ?? tokenOf(fields["token"]);
    if (value === undefined) throw hubAnswer.invalid("login", "must have a token");
    return { value: new Secret(value), expiresAt: endOf(value, now) };
  }
  const loginToken = loginTokenOf(answer);
  if (loginToken === undefined) throw responseError({ status, headers, origin, now }, "the login");
  const message = `${origin} wants the code of a second factor`;
  const details = { origin, loginToken: new Secret(loginToken) };
  throw new TidegateError("TWO_FACTOR_REQUIRED", message, details);
}

/** Visible ASCII only: anything else could break out of the header. */
function tokenOf(value: Json | undefined): string | undefined {
  const isToken = typeof value === "string" && /^[\u0021-\u007e]{1,65536}$/.test(value);
  return isToken ? value : undefined;
}

/** By the token's own lifetime, so that a clock that is wrong on either side does not matter. */
function endOf(value: string, now: number): number {
  const times = readJwtTimes(value);
  const left = times && (times.lifetimeMs ?? times.expiresAt - now);
  return now + (left !== undefined && left > 0 ? Math.min(left, MAX_LIFETIME_MS) : LIFETIME_MS);
}
