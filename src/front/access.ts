import type { AccessAction, AccessSettings } from "../settings/mod.ts";
import { matchesGlob } from "./glob.ts";
import type { Identity } from "./identity.ts";
import type { Selection } from "./routing.ts";

/**
 * Whether a caller may act on a repository. What no rule allows is denied.
 *
 * @param upstream Name of the upstream the request was routed to.
 * @param repository The upstream's name of the repository, the one that will be asked for.
 */
export function isAllowed(
  identity: Identity,
  upstream: string,
  repository: string,
  action: AccessAction,
): boolean {
  return identity.allow.some((rule) =>
    (rule.upstream === "*" || rule.upstream === upstream) &&
    rule.actions.includes(action) && matchesGlob(rule.repository, repository)
  );
}

/** Whether a caller may pull from the repository that a name was routed to. */
export function mayPull(identity: Identity, { upstream, repository }: Selection): boolean {
  return isAllowed(identity, upstream.upstream.name, repository, "pull");
}

/** Whether any caller may do this somewhere. */
export function someoneMay({ anonymous, tokens }: AccessSettings, action: AccessAction): boolean {
  return [anonymous, ...tokens.map(({ allow }) => allow)]
    .some((rules) => rules.some(({ actions }) => actions.includes(action)));
}

/**
 * How callers of this door prove who they are. `none`: nobody can. `basic`: everybody must.
 * `bearer`: some repositories are open and some need a token, which only the token flow can serve:
 * clients without credentials fail on a Basic challenge, and send none where there is no challenge.
 */
export function challengeScheme(access: AccessSettings): "none" | "basic" | "bearer" {
  if (access.tokens.length === 0) return "none";
  return access.anonymous.length === 0 ? "basic" : "bearer";
}
