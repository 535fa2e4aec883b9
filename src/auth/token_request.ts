import { encodeBase64, encodeUtf8 } from "../core/mod.ts";
import type { Credential } from "./credential.ts";
import { credentialParts } from "./credential_parts.ts";

/** What a token is asked for. */
export interface TokenQuestion {
  /** The `service` of the challenge, sent back as it is. */
  readonly service: string | undefined;
  /** The most important first. */
  readonly scopes: readonly string[];
  /** Undefined to ask as nobody. */
  readonly credential: Credential | undefined;
}

/** The client name in the OAuth form; a fixed word, nothing about the user. */
const CLIENT_ID = "tidegate";

/** The ways to ask, the first to be tried first. */
export type TokenMethod = "GET" | "POST";

/**
 * In which order an endpoint is asked.
 *
 * Nobody: GET, the only way. A password: GET with Basic, as docker itself asks and every endpoint
 * understands; then the OAuth form. An identity token: the OAuth form, then GET with Basic where the
 * config had a user name with it. A password is thus sent once to an endpoint that refuses it, not
 * twice: what GET answers 401 or 403 is final (a second wrong try could lock the account).
 */
export function tokenMethods(credential: Credential | undefined): readonly TokenMethod[] {
  if (credential?.kind === "basic") return ["GET", "POST"];
  if (credential?.kind !== "identity") return ["GET"];
  return credential.username === undefined ? ["POST"] : ["POST", "GET"];
}

/**
 * Whether an answer says "not this way", so that the other is tried. To the form: 400 (ACR), 401
 * (Artifactory), 404 (GCR), 405. To GET: 400, 404, 405, 415.
 */
export function isOtherWay(method: TokenMethod, status: number): boolean {
  return [400, 404, 405, method === "POST" ? 401 : 415].includes(status);
}

/**
 * The request for a token.
 *
 * @param realm The endpoint, already judged by the origin policy. Its own query is kept; `service`
 * and `scope` in it are replaced.
 */
export function tokenRequest(
  realm: string,
  method: TokenMethod,
  question: TokenQuestion,
  signal: AbortSignal,
): Request {
  const headers = new Headers({ accept: "application/json" });
  const init = { ...REQUEST_MODE, method, headers, signal };
  if (method === "POST") return new Request(realm, { ...init, body: formOf(question) });
  const { service, scopes, credential } = question;
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set("service", service);
  url.searchParams.delete("scope");
  for (const scope of scopes) url.searchParams.append("scope", scope);
  const basic = basicHeader(credential);
  if (basic !== undefined) headers.set("authorization", basic);
  return new Request(url.href, init);
}

/** Becomes a body of `application/x-www-form-urlencoded`. */
function formOf({ service, scopes, credential }: TokenQuestion): URLSearchParams {
  const form = new URLSearchParams({ client_id: CLIENT_ID, service: service ?? "" });
  if (scopes.length > 0) form.set("scope", scopes.join(" ")); // one parameter here, not several
  if (credential?.kind === "basic") {
    form.set("grant_type", "password");
    form.set("username", credential.username);
    form.set("password", credential.password.reveal());
  } else if (credential?.kind === "identity") {
    form.set("grant_type", "refresh_token");
    form.set("refresh_token", credential.token.reveal());
  }
  return form;
}

/** Redirects are judged hop by hop; a browser must not add its own credentials. */
export const REQUEST_MODE: RequestInit = {
  redirect: "manual",
  // workerd has no such field and refuses to be given it
  ..."credentials" in Request.prototype ? { credentials: "omit" as const } : {},
};

/** RFC 7617: UTF-8, then base64. */
export function basicHeader(credential: Credential | undefined): string | undefined {
  if (credential === undefined || credential.kind === "bearer") return undefined;
  const [, username, secret] = credentialParts(credential);
  return `Basic ${encodeBase64(encodeUtf8(`${username}:${secret}`))}`;
}
