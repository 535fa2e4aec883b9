import { encodeBase64Url, encodeUtf8 } from "../core/mod.ts";
import { hubError, readJsonBody } from "./hub_state.ts";
import type { HubExchange, HubScope, HubState, HubUser } from "./hub_state.ts";
import { jsonReply } from "./reply.ts";
import type { Reply } from "./reply.ts";
import { randomHex } from "./seeded_random.ts";

/** `POST /v2/auth/token`: an account's name and secret for a token. Knows no second factor. */
export async function authToken({ state, request }: HubExchange): Promise<Reply> {
  const { authToken: answer } = state.settings;
  if (answer !== "ok") return hubError(state, answer, "Not found");
  const body = await readJsonBody(request);
  const { user, scope } = findAccount(state, body?.["identifier"], body?.["secret"]);
  if (user === undefined || (scope === undefined && userOf(state, user)?.secondFactor)) {
    return hubError(state, 401, "incorrect username or password");
  }
  return jsonReply(200, { access_token: issue(state, user, scope ?? "admin") });
}

/** `POST /v2/users/login`: the same of old; says when there is a second factor. */
export async function usersLogin({ state, request }: HubExchange): Promise<Reply> {
  const { usersLogin: answer } = state.settings;
  if (answer !== "ok") return hubError(state, answer, "Not found");
  const body = await readJsonBody(request);
  const { user, scope } = findAccount(state, body?.["username"], body?.["password"]);
  if (user === undefined) return hubError(state, 401, "Incorrect authentication credentials");
  if (scope === undefined && userOf(state, user)?.secondFactor !== undefined) {
    const token = `2fa-${randomHex(state.random, 32)}`;
    state.pending.set(token, user);
    const detail = "Require secondary authentication on MFA enabled account";
    return jsonReply(401, { detail, login_2fa_token: token });
  }
  return jsonReply(200, { token: issue(state, user, scope ?? "admin") });
}

/** `POST /v2/users/2fa-login`: the second step. A first step is good for one code. */
export async function twoFactorLogin({ state, request }: HubExchange): Promise<Reply> {
  const body = await readJsonBody(request);
  const token = body?.["login_2fa_token"];
  const user = typeof token === "string" ? state.pending.get(token) : undefined;
  if (user === undefined || userOf(state, user)?.secondFactor !== body?.["code"]) {
    return hubError(state, 401, "Incorrect 2FA code");
  }
  state.pending.delete(String(token));
  return jsonReply(200, { token: issue(state, user, "admin") });
}

/** Without a scope: by password. */
function findAccount(
  state: HubState,
  name: unknown,
  secret: unknown,
): { readonly user?: string; readonly scope?: HubScope } {
  if (typeof name !== "string" || typeof secret !== "string") return {};
  const user = userOf(state, name);
  if (user === undefined) return {};
  const { accessTokens = {}, password } = user;
  const scope = Object.hasOwn(accessTokens, secret) ? accessTokens[secret] : undefined;
  if (scope !== undefined) return { user: name, scope };
  return password === secret ? { user: name } : {};
}

/** A user or an organisation by name. */
export function userOf({ settings }: HubState, name: string): HubUser | undefined {
  return Object.hasOwn(settings.users, name) ? settings.users[name] : undefined;
}

/** A JSON Web Token with a signature that nobody checks. */
function issue(state: HubState, user: string, scope: HubScope): string {
  const { clock, random, settings } = state;
  const issuedAt = Math.floor(clock.now() / 1000);
  const claims = {
    iss: "https://login.docker.com/",
    sub: user,
    iat: issuedAt,
    exp: issuedAt + settings.lifetimeSeconds,
    jti: randomHex(random, 16),
  };
  const parts = [{ alg: "RS256", typ: "JWT" }, claims].map((part) => {
    return encodeBase64Url(encodeUtf8(JSON.stringify(part)));
  });
  const token = [...parts, encodeBase64Url(encodeUtf8(randomHex(random, 32)))].join(".");
  const expiresAt = clock.now() + settings.lifetimeSeconds * 1000;
  state.grants.set(token, { user, scope, expiresAt });
  state.issued.push(token);
  return token;
}
