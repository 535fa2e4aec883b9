import {
  type Credential,
  type RememberedCredentials,
  type TokenCache,
  type TokenKey,
} from "../auth/mod.ts";
import {
  abortable,
  type Clock,
  isTidegateError,
  Secret,
  TidegateError,
  timingSafeEqual,
  type Upstream,
} from "../core/mod.ts";
import { observe, type Observer } from "../observability/mod.ts";
import { readJwtTimes } from "./jwt_times.ts";
import {
  type HubAccount,
  type HubToken,
  logIn,
  type LoginExchange,
  logInWithCode,
} from "./login.ts";
import {
  loggedIn,
  loginFailed,
  nextStep,
  type SessionPhase,
  sessionPhase,
  type SessionRecord,
  signedOut,
  tokenRefused,
} from "./session_state.ts";
import { watchLogin } from "./watch_login.ts";

/** What a {@linkcode Session} works with. */
export interface SessionOptions {
  readonly upstream: Upstream;
  readonly credentials: RememberedCredentials | undefined;
  /** Keeps the token, sealed, where another process finds it. */
  readonly tokens: TokenCache;
  readonly exchange: LoginExchange;
  readonly clock: Clock;
  readonly observer: Observer | undefined;
}

/** One login at Docker Hub's API, made when it is needed and renewed before it ends. */
export interface Session {
  /** Where the login stands. */
  phase(): SessionPhase;
  /** When the token ends, in milliseconds since the epoch; undefined without one. */
  expiresAt(): number | undefined;
  /** The token that is here, whatever its end, and even if it was refused. */
  current(): Secret | undefined;
  /**
   * A token to send, logging in first where that is needed; undefined for nobody.
   *
   * @throws {TidegateError} What the login throws; CREDENTIALS; TOKEN_EXPIRED.
   */
  token(signal?: AbortSignal): Promise<Secret | undefined>;
  /** Log in now, whatever there is. */
  logIn(signal?: AbortSignal): Promise<void>;
  /** Finish a login with two factors. */
  logInWithCode(loginToken: Secret, code: string, signal?: AbortSignal): Promise<void>;
  /** The server refused a token: forget it, if it is still the one in use. */
  refuse(token: Secret): Promise<void>;
  /** What it logged in with: see {@linkcode Authorizer.secrets}. */
  secrets(): readonly string[];
}

const REFUSED_PAUSE_MS = 30_000; // a wrong password is not shown again and again: accounts get locked
const FAILED_PAUSE_MS = 5_000; // a token that still works is used meanwhile

/**
 * Lives inside one Worker request, as requests that wait share one login. `tokens` may be shared.
 *
 * @see {@linkcode Session}
 */
export function createSession(options: SessionOptions): Session {
  const { upstream, credentials, clock } = options;
  const held = createHeldToken(options);
  const { record } = held;
  let refusal: unknown;
  let flight: Promise<void> | undefined;
  const begin = async (): Promise<void> => {
    const credential = await credentials?.get(upstream);
    if (credential === undefined) throw noCredential(upstream);
    try {
      await held.keep(await tokenFor(options, credential));
    } catch (error) {
      refusal = error;
      const isRefused = isRefusal(error);
      loginFailed(record, clock.now(), isRefused ? REFUSED_PAUSE_MS : FAILED_PAUSE_MS);
      if (isRefused) await reject(options, error);
      throw error;
    }
  };
  const logInOnce = (): Promise<void> => {
    flight ??= begin().finally(() => flight = undefined);
    return flight;
  };
  return {
    phase: () => sessionPhase(record, clock.now()),
    expiresAt: () => record.expiresAt,
    current: held.current,
    async token(signal): Promise<Secret | undefined> {
      const isNobody = await credentials?.get(upstream) === undefined;
      if (isNobody && held.current() === undefined) return undefined;
      await held.find();
      // while it is fetched ahead, the old one still works
      const isEnding = nextStep(record, clock.now()) === "refresh";
      if (isEnding) await abortable(logInOnce().catch(() => {}), signal);
      const step = nextStep(record, clock.now());
      if (step === "wait" && isRefusal(refusal)) throw refusal;
      if (step === "wait" || step === "log-in") await abortable(logInOnce(), signal);
      return held.current();
    },
    logIn: (signal) => abortable(logInOnce(), signal),
    async logInWithCode(loginToken, code, signal): Promise<void> {
      const finish = (exchange: LoginExchange): Promise<HubToken> =>
        logInWithCode(exchange, loginToken, code, signal);
      await held.keep(await watchLogin(options, finish));
    },
    refuse: held.drop,
    secrets: () => credentials?.secrets() ?? [],
  };
}

/** The token in use, with its copy in the store. */
interface HeldToken {
  readonly record: SessionRecord;
  current(): Secret | undefined;
  /** Use a token that was just got. */
  keep(token: HubToken): Promise<void>;
  /** Without one here, look whether another process has logged in. */
  find(): Promise<void>;
  /** Count a token as none, if it is the one in use. */
  drop(token: Secret): Promise<void>;
}

function createHeldToken(options: SessionOptions): HeldToken {
  const { upstream, credentials, tokens, clock, observer } = options;
  const record = signedOut();
  let held: HubToken | undefined;
  let forgetting: Promise<void> = Promise.resolve();
  const facts = { upstream: upstream.name, scopes: [] } as const;
  const keyOf = async (): Promise<TokenKey> => ({
    upstream,
    provider: credentials?.id ?? "",
    credential: await credentials?.get(upstream),
    scopes: [],
  });
  const use = (token: HubToken): void => {
    held = token;
    loggedIn(record, clock.now(), token.expiresAt);
  };
  return {
    record,
    current: () => held?.value,
    async keep(token): Promise<void> {
      use(token);
      const lifetimeSeconds = Math.round((token.expiresAt - clock.now()) / 1000);
      const way = { realm: upstream.origin, method: "POST", anonymous: false } as const;
      observe(observer, { type: "token.fetched", ...facts, ...way, lifetimeSeconds });
      await forgetting; // or it would take the new one away
      await tokens.put(await keyOf(), token);
    },
    async find(): Promise<void> {
      if (record.expiresAt !== undefined) return;
      const stored = await tokens.get(await keyOf());
      if (stored === undefined || record.expiresAt !== undefined) return;
      // stores forget slowly, and Workers KV answers from a cache for a minute: only what outlasts
      // the token that was refused can be a newer one
      if (held !== undefined && stored.expiresAt <= held.expiresAt) return;
      use(stored);
      observe(observer, { type: "token.reused", ...facts });
    },
    async drop(token): Promise<void> {
      if (held?.value !== token || record.expiresAt === undefined) return;
      // it stays the one to send: what is repeated meanwhile must not be asked as nobody
      tokenRefused(record);
      observe(observer, { type: "token.rejected", ...facts, reason: "refused" });
      forgetting = keyOf().then((key) => tokens.delete(key));
      await forgetting;
    },
  };
}

/** Whether two are the same text: what comes out of a store is another object each time. */
export function isSameToken(a: Secret, b: Secret): boolean {
  return timingSafeEqual(a.revealBytes(), b.revealBytes());
}

async function tokenFor(
  options: SessionOptions,
  credential: Credential,
): Promise<HubToken> {
  const { upstream, clock } = options;
  if (credential.kind === "basic") {
    const account: HubAccount = credential;
    return await watchLogin(options, (exchange) => logIn(exchange, account));
  }
  if (credential.kind === "identity") {
    const reason = "is a refresh token of the registry, which is no login to the API";
    throw new TidegateError("CREDENTIALS", `The credential for ${upstream.origin} ${reason}`, {
      source: upstream.name,
      reason,
    });
  }
  const { token } = credential;
  const expiresAt = readJwtTimes(token.reveal())?.expiresAt ?? clock.now() + 60_000;
  if (expiresAt > clock.now()) return { value: token, expiresAt };
  const { origin } = upstream;
  throw new TidegateError("TOKEN_EXPIRED", `The token for ${origin} has expired`, { origin });
}

/** Tell the observer, and the provider: it may have another next time. */
async function reject(
  { upstream, credentials, observer }: SessionOptions,
  error: unknown,
): Promise<void> {
  if (isTidegateError(error, "TWO_FACTOR_REQUIRED")) return;
  const status = isTidegateError(error, "FORBIDDEN") ? 403 : 401;
  const event = { upstream: upstream.name, credential: credentials?.id ?? "", status };
  observe(observer, { type: "credential.rejected", ...event });
  await credentials?.invalidate?.(upstream);
}

function isRefusal(error: unknown): boolean {
  return isTidegateError(error, "UNAUTHORIZED") || isTidegateError(error, "FORBIDDEN") ||
    isTidegateError(error, "TWO_FACTOR_REQUIRED");
}

/** The error for what needs a login where there is nobody to log in. */
export function noCredential({ name, origin }: Upstream): TidegateError<"CREDENTIALS"> {
  const reason = "there is none, and this needs a login";
  const message = `The credential for ${origin}: ${reason}`;
  return new TidegateError("CREDENTIALS", message, { source: name, reason });
}
