import { decodeUtf8 } from "../core/mod.ts";
import type { Clock } from "../core/mod.ts";
import { bearerToken } from "./basic.ts";
import type { SimulatedRegistry } from "./registry.ts";
import { jsonReply, textReply } from "./reply.ts";
import type { HeaderList, Reply, SimulatedRequest } from "./reply.ts";
import { readBody } from "./request_body.ts";
import type { SeededRandom } from "./seeded_random.ts";

/** What a token may do; each may what the ones before it may. */
export type HubScope = "public_read" | "read" | "write" | "admin";

/** A user of Docker Hub, or an organisation, which has tokens and no password. */
export interface HubUser {
  readonly password?: string;
  /** Personal or organisation access tokens, with what they may do. */
  readonly accessTokens?: Readonly<Record<string, HubScope>>;
  /** The code that a login with the password needs besides. */
  readonly secondFactor?: string;
  /** Namespaces besides the own one. */
  readonly memberOf?: readonly string[];
}

/** Findings as Scout counts them. */
export interface ScoutReport {
  readonly critical: number;
  readonly high: number;
  readonly medium: number;
  readonly low: number;
  readonly unspecified: number;
}

/** How the API words an error: the shapes that have been seen. */
export type HubErrorStyle = "detail" | "message" | "errinfo" | "fields" | "code" | "text" | "html";

/** How a simulated Docker Hub API behaves. Everything may be changed between requests. */
export interface HubSettings {
  readonly users: Readonly<Record<string, HubUser>>;
  /** Its tags and images are those of the repositories of the same name. */
  readonly registry?: SimulatedRegistry | undefined;
  /** `ok`, or the status of every `POST /v2/auth/token`: 404 where it does not exist yet. */
  readonly authToken: "ok" | number;
  /** `ok`, or the status of every `POST /v2/users/login`: 410 where it does not exist any more. */
  readonly usersLogin: "ok" | number;
  /** How long logins work, in seconds. Default is 600. */
  readonly lifetimeSeconds: number;
  /** Calls per window of whoever calls. Absent: no limit and no headers about it. */
  readonly rateLimit?:
    | {
      readonly limit: number;
      readonly windowSeconds: number;
      /** Whether the 429 has `Retry-After`. Default is true. */
      readonly retryAfter?: boolean;
    }
    | undefined;
  /** Default is `detail`. */
  readonly errorStyle: HubErrorStyle;
  /** Origin that `next` of a page names. Default is the API's own. */
  readonly nextOrigin?: string | undefined;
  /** Scout's reports by digest; `null` for an image that it knows and has not scanned. */
  readonly scans: Readonly<Record<string, ScoutReport | null>>;
  /** Scout wants a login. Default is false. */
  readonly scanLogin: boolean;
}

/** A repository as the API keeps it. */
export interface HubRepositoryRecord {
  readonly namespace: string;
  readonly name: string;
  description: string;
  fullDescription: string;
  isPrivate: boolean;
  readonly stars: number;
  readonly pulls: number;
  readonly registeredAt: number;
}

/** Who logged in, and until when. */
export interface HubGrant {
  readonly user: string;
  readonly scope: HubScope;
  readonly expiresAt: number;
}

/** What every endpoint works on. */
export interface HubState {
  readonly origin: string;
  address: string;
  settings: HubSettings;
  readonly clock: Clock;
  readonly random: SeededRandom;
  /** By `namespace/name`. */
  readonly repositories: Map<string, HubRepositoryRecord>;
  readonly grants: Map<string, HubGrant>;
  /** First steps of logins that wait for a code: token to user. */
  readonly pending: Map<string, string>;
  readonly issued: string[];
  readonly count: { calls: number; startedAt: number };
}

/** One call at an endpoint. */
export interface HubExchange {
  readonly state: HubState;
  readonly request: SimulatedRequest;
  readonly url: URL;
  readonly params: Readonly<Record<string, string>>;
}

const SCOPES: readonly HubScope[] = ["public_read", "read", "write", "admin"];

/** Who calls; `refused` for a token that is none. */
export function callerOf({ state, request }: HubExchange): HubGrant | "refused" | undefined {
  const header = request.headers.get("authorization");
  if (header === null) return undefined;
  const grant = state.grants.get(bearerToken(header) ?? "");
  return grant !== undefined && grant.expiresAt > state.clock.now() ? grant : "refused";
}

/** Whether a login may do something in a namespace. */
export function mayIn(
  { settings }: HubState,
  grant: HubGrant,
  namespace: string,
  scope: HubScope,
): boolean {
  const user = Object.hasOwn(settings.users, grant.user) ? settings.users[grant.user] : undefined;
  const isMember = grant.user === namespace || (user?.memberOf?.includes(namespace) ?? false);
  return isMember && SCOPES.indexOf(grant.scope) >= SCOPES.indexOf(scope);
}

/** An error in the style that is set. */
export function hubError(
  { settings }: Pick<HubState, "settings">,
  status: number,
  message: string,
  headers: HeaderList = [],
): Reply {
  switch (settings.errorStyle) {
    case "message":
      return jsonReply(status, { message, errinfo: {} }, headers);
    case "errinfo":
      return jsonReply(status, { detail: message, message, errinfo: { namespace: "x" } }, headers);
    case "fields":
      return jsonReply(status, { fields: { name: [message] }, text: message }, headers);
    case "code":
      return jsonReply(status, { code: 7, message, details: [] }, headers);
    case "text":
      return textReply(status, `error code: ${1000 + status % 100}`, [
        ["content-type", "text/plain"],
        ...headers,
      ]);
    case "html":
      return textReply(status, "<!DOCTYPE html><html><title>Just a moment...</title></html>", [
        ["content-type", "text/html"],
        ...headers,
      ]);
  }
  return jsonReply(status, { detail: message }, headers);
}

const MAX_BODY_BYTES = 1024 * 1024;

/** The JSON object of a request's body; undefined for anything else. */
export async function readJsonBody(
  { body }: SimulatedRequest,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const bytes = await readBody(body, MAX_BODY_BYTES);
  try {
    const value: unknown = JSON.parse(decodeUtf8(bytes ?? new Uint8Array(0)));
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? value as Readonly<Record<string, unknown>> : undefined;
  } catch {
    return undefined;
  }
}

/** A time as the API writes it. */
export function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
