import { basicCredentials, bearerToken } from "./basic.ts";
import { writeChallenge } from "./challenge.ts";
import type { ChallengeFacts } from "./challenge.ts";
import { errorReply } from "./error_body.ts";
import type { RegistryAuth } from "./registry_auth.ts";
import type { Exchange } from "./registry_state.ts";
import type { HeaderList, Reply } from "./reply.ts";
import { PUBLIC_ACCESS } from "./token_service.ts";
import type { AccessRule, Grant } from "./token_service.ts";

/** The refusal of a request, or undefined when it may go on. Looks at nothing that is stored. */
export function refuseAccess(exchange: Exchange, action: "pull"): Reply | undefined {
  const { auth } = exchange.state.settings;
  if (auth.mode === "open") return undefined;
  return auth.mode === "basic"
    ? refuseBasic(exchange, auth, action)
    : refuseBearer(exchange, auth, action);
}

function refuseBasic(
  { request, name }: Exchange,
  { users, allow = usersOnly }: Extract<RegistryAuth, { mode: "basic" }>,
  action: string,
): Reply | undefined {
  const header = request.headers.get("authorization");
  const given = header === null ? undefined : basicCredentials(header);
  const isKnown = given !== undefined && Object.hasOwn(users, given.username) &&
    users[given.username] === given.password;
  const user = isKnown ? given.username : undefined;
  if (header === null || user !== undefined) {
    if (name === "" ? user !== undefined : allow(user, name, action)) return undefined;
    if (user !== undefined) return errorReply("DENIED", "Not allowed", { detail: { name } });
  }
  return unauthorized([["www-authenticate", 'Basic realm="Simulated Registry"']]);
}

const usersOnly: AccessRule = (user, repository, action) =>
  user !== undefined && PUBLIC_ACCESS(user, repository, action);

function refuseBearer(
  { state, request, name }: Exchange,
  auth: Extract<RegistryAuth, { mode: "bearer" }>,
  action: string,
): Reply | undefined {
  const service = auth.service ?? new URL(state.origin).host;
  const header = request.headers.get("authorization");
  const grant = header === null ? undefined : auth.tokens.grantOf(bearerToken(header) ?? "");
  const isValid = grant !== undefined && grant.service === service;
  if (isValid && (name === "" || isGranted(grant, name, action))) return undefined;
  if (isValid && auth.forbids) return errorReply("DENIED", "Not allowed", { detail: { name } });
  const facts: ChallengeFacts = {
    realm: auth.tokens.realm,
    service,
    ...(name !== "" && { scope: `repository:${name}:${action}` }),
    ...(header !== null && { error: isValid ? "insufficient_scope" : "invalid_token" }),
  };
  const lines = writeChallenge(facts, auth.challenge);
  return unauthorized(lines.map((line) => ["www-authenticate", line] as const));
}

function isGranted({ scopes }: Grant, name: string, action: string): boolean {
  return scopes.some((scope) => scope.name === name && scope.actions.includes(action));
}

function unauthorized(headers: HeaderList): Reply {
  return errorReply("UNAUTHORIZED", "Authentication required", { headers });
}
