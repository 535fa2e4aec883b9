import { IttyRouter } from "itty-router";
import type { IRequest } from "itty-router";
import { decodeUtf8 } from "../core/mod.ts";
import type { Clock } from "../core/mod.ts";
import { basicCredentials } from "./basic.ts";
import { errorReply } from "./error_body.ts";
import { jsonReply, withHeaders } from "./reply.ts";
import type { Reply, SimulatedRequest } from "./reply.ts";
import { readBody } from "./request_body.ts";
import { parseScope } from "./scope.ts";
import type { Scope } from "./scope.ts";
import { randomHex } from "./seeded_random.ts";
import type { SeededRandom } from "./seeded_random.ts";

/** Decides one action of one user (undefined: anonymous) on one repository. */
export type AccessRule = (
  user: string | undefined,
  repository: string,
  action: string,
) => boolean;

/** Everybody may pull; users may do everything. */
export const PUBLIC_ACCESS: AccessRule = (user, _repository, action) =>
  user !== undefined || action === "pull";

/** How a simulated token service behaves. Everything may be changed between requests. */
export interface TokenSettings {
  /** Passwords by user name. */
  readonly users: Readonly<Record<string, string>>;
  /** Whether somebody else than `users` is known by a password: holders of several tokens. */
  readonly knows?: (username: string, password: string) => boolean;
  /** Default is {@linkcode PUBLIC_ACCESS}. What is not allowed is left out of the token, with 200. */
  readonly allow: AccessRule;
  /** How long tokens really work, in seconds. Default is 300. */
  readonly lifetimeSeconds: number;
  /** What `expires_in` says. Default is the lifetime; `omit` leaves it out. */
  readonly expiresIn: number | "lifetime" | "omit";
  /** What `issued_at` says: now plus so many seconds. Default is 0; `omit` leaves it out. */
  readonly issuedAtSkewSeconds: number | "omit";
  /** Which fields carry the token. Default is both. */
  readonly fields: "both" | "token" | "access_token";
  /** `ok`, or the status that every GET gets. */
  readonly get: "ok" | number;
  /** `ok`, or the status that every POST gets: 404 and 405 are common. */
  readonly post: "ok" | number;
  /** Whether a request without credentials gets a token. Default is true; GHCR says 401 for what is private. */
  readonly anonymous: boolean;
  /** Whether `offline_token` and `access_type=offline` get a refresh token. Default is true. */
  readonly refreshTokens: boolean;
  /** Only the first scope is granted (seen at several registries). */
  readonly firstScopeOnly: boolean;
  /** Content type of the answer. Default is JSON; GHCR has used `text/plain`. */
  readonly contentType: string;
  /** Makes the token of a grant, for a real registry to check. Absent: an opaque one that simulated registries know. */
  readonly mint?: (grant: Grant) => string | Promise<string>;
}

/** What a token grants. */
export interface Grant {
  readonly user: string | undefined;
  readonly service: string;
  readonly scopes: readonly Scope[];
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** A simulated token service (distribution's token and OAuth2 flows). */
export interface SimulatedTokenService {
  readonly kind: "tokens";
  readonly origin: string;
  /** Where it is reached: the origin, or a loopback address while it is served over HTTP. */
  address: string;
  readonly settings: TokenSettings;
  /** Change how it behaves, from the next request on. */
  configure(changes: Partial<TokenSettings>): void;
  /** The URL for a challenge's `realm`. */
  readonly realm: string;
  /** What a token grants now; undefined when it is unknown, revoked or expired. */
  grantOf(token: string): Grant | undefined;
  /** Make every token issued so far worthless. */
  revokeAll(): void;
  /** Every token issued, in order. */
  readonly issued: readonly string[];
  handle(request: SimulatedRequest): Promise<Reply>;
}

const MAX_FORM_BYTES = 1024 * 1024;

const DEFAULTS: TokenSettings = {
  users: {},
  allow: PUBLIC_ACCESS,
  lifetimeSeconds: 300,
  expiresIn: "lifetime",
  issuedAtSkewSeconds: 0,
  fields: "both",
  get: "ok",
  post: "ok",
  anonymous: true,
  refreshTokens: true,
  firstScopeOnly: false,
  contentType: "application/json",
};

interface State {
  settings: TokenSettings;
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly grants: Map<string, Grant>;
  /** Refresh token to user. */
  readonly refresh: Map<string, string>;
  readonly issued: string[];
}

/** Create a token service. Its endpoint is `/token`. */
export function createTokenService(
  origin: string,
  { clock, random, ...settings }:
    & { clock: Clock; random: SeededRandom }
    & Partial<TokenSettings>,
): SimulatedTokenService {
  const state: State = {
    settings: { ...DEFAULTS, ...settings },
    clock,
    random,
    grants: new Map(),
    refresh: new Map(),
    issued: [],
  };
  const router = IttyRouter<IRequest, [SimulatedRequest]>();
  router.get("/token", (_, request) => tokenByGet(state, request));
  router.post("/token", (_, request) => tokenByPost(state, request));
  router.all("*", () => errorReply("UNSUPPORTED", "No such endpoint", { status: 404 }));
  return {
    kind: "tokens",
    origin,
    address: origin,
    get settings() {
      return state.settings;
    },
    configure(changes): void {
      state.settings = { ...state.settings, ...changes };
    },
    get realm() {
      return `${this.address}/token`;
    },
    grantOf(token): Grant | undefined {
      const grant = state.grants.get(token);
      return grant && grant.expiresAt > clock.now() ? grant : undefined;
    },
    revokeAll: () => state.grants.clear(),
    issued: state.issued,
    handle: async (request) =>
      await router.fetch({ method: request.method, url: request.url }, request) as Reply,
  };
}

/** What is asked for, whichever method it came by. */
interface TokenQuery {
  readonly user: string | undefined;
  readonly service: string;
  readonly scopes: readonly string[];
  readonly wantsRefresh: boolean;
  /** POST answers carry `scope`; GET answers do not. */
  readonly echoesScope: boolean;
}

/** The token flow: parameters in the query, credentials in the header. */
async function tokenByGet(state: State, { url, headers }: SimulatedRequest): Promise<Reply> {
  const { settings } = state;
  if (settings.get !== "ok") return refusal(settings.get);
  const query = new URL(url).searchParams;
  const header = headers.get("authorization");
  const user = header === null ? undefined : knownUser(settings, basicCredentials(header));
  if (user === undefined && (header !== null || !settings.anonymous)) return refusal(401);
  return await issue(state, {
    user,
    service: query.get("service") ?? "",
    scopes: query.getAll("scope").filter((scope) => scope !== ""),
    wantsRefresh: query.get("offline_token") === "true",
    echoesScope: false,
  });
}

/** The OAuth2 flow: everything in a form, scopes separated by spaces. */
async function tokenByPost(state: State, { body, headers }: SimulatedRequest): Promise<Reply> {
  const { settings } = state;
  if (settings.post !== "ok") return refusal(settings.post);
  const type = headers.get("content-type") ?? "";
  if (!type.startsWith("application/x-www-form-urlencoded")) return refusal(400);
  const bytes = await readBody(body, MAX_FORM_BYTES);
  if (bytes === undefined) return refusal(413);
  const form = new URLSearchParams(decodeUtf8(bytes));
  const service = form.get("service");
  if (service === null || !form.has("client_id")) return refusal(400);
  const user = formUser(state, form);
  if (user === undefined) return refusal(401);
  return await issue(state, {
    user,
    service,
    scopes: (form.get("scope") ?? "").split(" ").filter((scope) => scope !== ""),
    wantsRefresh: form.get("access_type") === "offline",
    echoesScope: true,
  });
}

function formUser({ settings, refresh }: State, form: URLSearchParams): string | undefined {
  if (form.get("grant_type") === "refresh_token") {
    return refresh.get(form.get("refresh_token") ?? "");
  }
  if (form.get("grant_type") !== "password") return undefined;
  const username = form.get("username") ?? "";
  return knownUser(settings, { username, password: form.get("password") ?? "" });
}

function knownUser(
  { users, knows }: TokenSettings,
  credentials: { username: string; password: string } | undefined,
): string | undefined {
  if (credentials !== undefined && knows?.(credentials.username, credentials.password)) {
    return credentials.username;
  }
  if (credentials === undefined || !Object.hasOwn(users, credentials.username)) return undefined;
  return users[credentials.username] === credentials.password ? credentials.username : undefined;
}

function refusal(status: number): Reply {
  const code = status === 403 ? "DENIED" : status === 401 ? "UNAUTHORIZED" : "UNSUPPORTED";
  return errorReply(code, "No token for you", { status });
}

async function issue(state: State, query: TokenQuery): Promise<Reply> {
  const { settings, clock, random, grants } = state;
  const grant: Grant = {
    user: query.user,
    service: query.service,
    scopes: grantedScopes(settings, query),
    expiresAt: clock.now() + settings.lifetimeSeconds * 1000,
  };
  const token = await settings.mint?.(grant) ?? randomHex(random, 64);
  grants.set(token, grant);
  state.issued.push(token);
  const { expiresIn, issuedAtSkewSeconds: skew, fields } = settings;
  const issuedAt = skew === "omit" ? undefined : clock.now() + skew * 1000;
  const answer = {
    ...(fields !== "access_token" && { token }),
    ...(fields !== "token" && { access_token: token }),
    ...(expiresIn !== "omit" &&
      { expires_in: expiresIn === "lifetime" ? settings.lifetimeSeconds : expiresIn }),
    ...(issuedAt !== undefined && { issued_at: new Date(issuedAt).toISOString() }),
    ...(query.echoesScope && { scope: query.scopes.join(" ") }),
    ...refreshField(state, query),
  };
  return withHeaders(jsonReply(200, answer), { "content-type": settings.contentType });
}

function grantedScopes(
  { allow, firstScopeOnly }: TokenSettings,
  { user, scopes }: TokenQuery,
): readonly Scope[] {
  const asked = firstScopeOnly ? scopes.slice(0, 1) : scopes;
  return asked.flatMap((text) => {
    const scope = parseScope(text);
    if (scope === undefined || scope.type !== "repository") return [];
    const actions = scope.actions.filter((action) => allow(user, scope.name, action));
    return [{ ...scope, actions }];
  });
}

function refreshField(
  { settings, refresh, random }: State,
  { wantsRefresh, user }: TokenQuery,
): { refresh_token?: string } {
  if (!wantsRefresh || !settings.refreshTokens || user === undefined) return {};
  const token = `refresh-${randomHex(random, 64)}`;
  refresh.set(token, user);
  return { refresh_token: token };
}
