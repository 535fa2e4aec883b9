import { basicCredentials, bearerToken } from "./basic.ts";
import { writeChallenge } from "./challenge.ts";
import type { ChallengeFacts } from "./challenge.ts";
import { errorReply } from "./error_body.ts";
import type { RegistryAuth } from "./registry_auth.ts";
import type { Exchange } from "./registry_state.ts";
import type { HeaderList, Reply } from "./reply.ts";
import { PUBLIC_ACCESS } from "./token_service.ts";
import type { AccessRule, Grant } from "./token_service.ts";

/** What a request must be allowed to do with one repository. */
export interface Need {
  readonly name: string;
  readonly actions: readonly ("pull" | "push" | "delete")[];
}

/** The refusal of a request, or undefined when it may go on. Looks at nothing that is stored. */
export function refuseAccess(exchange: Exchange, needs: readonly Need[]): Reply | undefined {
  const { auth } = exchange.state.settings;
  if (auth.mode === "open") return undefined;
  return auth.mode === "basic"
    ? refuseBasic(exchange, auth, needs)
    : refuseBearer(exchange, auth, needs);
}

/** Whether whoever sent the request may pull from a repository. */
export function mayPull(exchange: Exchange, name: string): boolean {
  return refuseAccess(exchange, [{ name, actions: ["pull"] }]) === undefined;
}

function refuseBasic(
  { request, name }: Exchange,
  { users, allow = usersOnly }: Extract<RegistryAuth, { mode: "basic" }>,
  needs: readonly Need[],
): Reply | undefined {
  const header = request.headers.get("authorization");
  const given = header === null ? undefined : basicCredentials(header);
  const isKnown = given !== undefined && Object.hasOwn(users, given.username) &&
    users[given.username] === given.password;
  const user = isKnown ? given.username : undefined;
  if (header === null || user !== undefined) {
    if (needs.length === 0 ? user !== undefined : areAllowed(allow, user, needs)) return undefined;
    if (user !== undefined) return errorReply("DENIED", "Not allowed", { detail: { name } });
  }
  return unauthorized([["www-authenticate", 'Basic realm="Simulated Registry"']]);
}

function areAllowed(allow: AccessRule, user: string | undefined, needs: readonly Need[]): boolean {
  return needs.every(({ name, actions }) => actions.every((action) => allow(user, name, action)));
}

const usersOnly: AccessRule = (user, repository, action) =>
  user !== undefined && PUBLIC_ACCESS(user, repository, action);

function refuseBearer(
  { state, request, name }: Exchange,
  auth: Extract<RegistryAuth, { mode: "bearer" }>,
  needs: readonly Need[],
): Reply | undefined {
  const service = auth.service ?? new URL(state.origin).host;
  const header = request.headers.get("authorization");
  const grant = header === null ? undefined : auth.tokens.grantOf(bearerToken(header) ?? "");
  const isValid = grant !== undefined && grant.service === service;
  if (isValid && needs.every((need) => isGranted(grant, need))) return undefined;
  if (isValid && auth.forbids) return errorReply("DENIED", "Not allowed", { detail: { name } });
  const facts: ChallengeFacts = {
    realm: auth.tokens.realm,
    service,
    ...(needs.length > 0 && { scope: needs.map(scopeOf).join(" ") }),
    ...(header !== null && { error: isValid ? "insufficient_scope" : "invalid_token" }),
  };
  const lines = writeChallenge(facts, auth.challenge);
  return unauthorized(lines.map((line) => ["www-authenticate", line] as const));
}

function scopeOf({ name, actions }: Need): string {
  return `repository:${name}:${actions.join(",")}`;
}

/** Several scopes may say it together; `*` is every action, as in distribution. */
function isGranted({ scopes }: Grant, { name, actions }: Need): boolean {
  const granted = scopes.filter((scope) => scope.name === name).flatMap((scope) => scope.actions);
  return granted.includes("*") || actions.every((action) => granted.includes(action));
}

function unauthorized(headers: HeaderList): Reply {
  return errorReply("UNAUTHORIZED", "Authentication required", { headers });
}
