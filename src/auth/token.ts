import { isJsonObject, type Json, type JsonObject, parseJson, Secret } from "../core/mod.ts";
import { invalidResponse } from "./invalid_response.ts";

/** A registry token and when it ends. */
export interface Token {
  readonly value: Secret;
  /** Milliseconds since the epoch, by our clock. */
  readonly expiresAt: number;
  /** It is not used in its last so many milliseconds. Default is {@linkcode TOKEN_MARGIN_SECONDS}. */
  readonly marginMs?: number | undefined;
}

/** Lifetime of a token whose answer names none (token spec). */
export const DEFAULT_TOKEN_LIFETIME_SECONDS = 60;

/** Longest lifetime believed: an hour. A longer one only delays that a revoked right ends. */
export const MAX_TOKEN_LIFETIME_SECONDS = 3600;

/**
 * A token is not used in its last 30 seconds: a request under way must not see it end. Of one that
 * lives under a minute it is the second half.
 */
export const TOKEN_MARGIN_SECONDS = 30;

/** Longest token taken: what fits a header at common servers, 64 KiB, is never exceeded honestly. */
const MAX_TOKEN_LENGTH: number = 64 * 1024;

/** How far ahead another process's clock may be that wrote a token into the store. */
const MAX_SKEW_SECONDS = 60;

const MARGIN_MS = 1000 * TOKEN_MARGIN_SECONDS;

const WHAT = "token answer";

/** Whether a token may still be sent. One that ends too far ahead was not written by this clock. */
export function isUsable(
  { expiresAt, marginMs = MARGIN_MS }: Omit<Token, "value">,
  now: number,
): boolean {
  const left = expiresAt - now;
  return left > marginMs && left <= 1000 * (MAX_TOKEN_LIFETIME_SECONDS + MAX_SKEW_SECONDS);
}

/** What {@linkcode readTokenAnswer} needs besides the body. */
export interface TokenAnswerFacts {
  /** The answer's `Date` header, if there was one. */
  readonly date: string | null;
  /** Our clock when the answer came, in milliseconds. */
  readonly receivedAt: number;
}

/**
 * Read what a token endpoint answered. The content type is not looked at: GHCR has sent JSON as
 * text. Only token and lifetime are used.
 *
 * The lifetime is what the server says, however short. It counts from `issued_at`. As that is the
 * server's clock, the token's age is taken against the `Date` of the same answer, so that a clock
 * that is wrong on either side does not matter; without `Date`, an age by our clock that is shorter
 * than the lifetime.
 *
 * @throws {TidegateError} INVALID_RESPONSE when it is no JSON object or has no usable token. The
 * message shows nothing of the body.
 * @see {@link https://distribution.github.io/distribution/spec/auth/token/ | Token authentication}
 */
export function readTokenAnswer(body: Uint8Array, facts: TokenAnswerFacts): Token {
  const answer = parseAnswer(body);
  const value = tokenOf(answer.token) ?? tokenOf(answer.access_token);
  if (value === undefined) throw invalidResponse(WHAT, "has no usable token");
  const lifetime = lifetimeOf(answer.expires_in);
  const age = ageOf(answer.issued_at, lifetime, facts);
  const leftMs = 1000 * (lifetime - age);
  const marginMs = Math.min(MARGIN_MS, leftMs / 2);
  return { value: new Secret(value), expiresAt: facts.receivedAt + leftMs, marginMs };
}

function parseAnswer(body: Uint8Array): JsonObject {
  let answer: Json;
  try {
    answer = parseJson(body);
  } catch {
    throw invalidResponse(WHAT, "is not valid JSON"); // the parser's message may quote the token
  }
  if (isJsonObject(answer)) return answer;
  throw invalidResponse(WHAT, "is not an object");
}

/** Visible ASCII only: anything else could break out of the header. */
function tokenOf(value: Json | undefined): string | undefined {
  const isToken = typeof value === "string" && value.length <= MAX_TOKEN_LENGTH &&
    /^[\u0021-\u007e]+$/.test(value);
  return isToken ? value : undefined;
}

function lifetimeOf(expiresIn: Json | undefined): number {
  const seconds = typeof expiresIn === "string" ? Number(expiresIn) : expiresIn; // some send "300"
  if (typeof seconds !== "number" || !(seconds > 0)) return DEFAULT_TOKEN_LIFETIME_SECONDS;
  return Math.min(seconds, MAX_TOKEN_LIFETIME_SECONDS);
}

function ageOf(issuedAt: Json | undefined, lifetime: number, facts: TokenAnswerFacts): number {
  const issued = typeof issuedAt === "string" ? Date.parse(issuedAt) : NaN;
  const served = facts.date === null ? NaN : Date.parse(facts.date);
  const age = ((Number.isNaN(served) ? facts.receivedAt : served) - issued) / 1000;
  if (!(age > 0)) return 0; // unknown, or issued in what our clock calls the future
  // older than it may get: the clocks disagree, the token does not
  return age < lifetime ? age : 0;
}
