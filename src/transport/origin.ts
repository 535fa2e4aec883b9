import { isTidegateError, type OriginUse, type Upstream } from "../core/mod.ts";
import { observe, type Observer } from "../observability/mod.ts";
import { decideOrigin, type OriginDecision } from "../upstream/mod.ts";

/** Whose rules decide about an origin, and who is told when they refuse it. */
export interface OriginPolicy {
  readonly upstream: Upstream;
  /** Default is nobody. */
  readonly observer?: Observer | undefined;
}

/**
 * Judge a token endpoint. One that another redirects to may be asked only if that one may lead there,
 * and gets credentials only if it would, had the upstream itself named it.
 *
 * @param from URL of the endpoint that redirects; absent for a challenge of the upstream.
 */
export function decideRealm(policy: OriginPolicy, realm: string, from?: string): OriginDecision {
  const home = `${policy.upstream.origin}/v2/`;
  const named = from === undefined ? realm : askOrigin(policy, "realm", from, realm).url;
  return askOrigin(policy, "realm", home, named);
}

/**
 * Ask the origin policy about a URL that a registry named, and tell the observer when it refuses.
 *
 * @param from The URL whose answer named it: what a relative target is resolved against.
 * @param target As the header or document has it.
 * @throws {TidegateError} As {@linkcode decideOrigin}.
 */
export function askOrigin(
  { upstream, observer }: OriginPolicy,
  use: OriginUse,
  from: string,
  target: string,
): OriginDecision {
  try {
    return decideOrigin({ use, upstream, from, target });
  } catch (error) {
    if (isTidegateError(error, "ORIGIN_NOT_TRUSTED")) {
      observe(observer, { type: "origin.refused", upstream: upstream.name, ...error.details });
    }
    throw error;
  }
}
