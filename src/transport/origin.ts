import { isTidegateError, type OriginUse } from "../core/mod.ts";
import { observe } from "../observability/mod.ts";
import { decideOrigin } from "../upstream/mod.ts";
import type { TransportSettings } from "./settings.ts";

/**
 * Judge a token endpoint. One that another redirects to may be asked only if that one may lead there,
 * and gets credentials only if it would, had the upstream itself named it.
 *
 * @param from URL of the endpoint that redirects; absent for a challenge of the upstream.
 */
export function decideRealm(
  policy: Pick<TransportSettings, "upstream" | "observer">,
  realm: string,
  from?: string,
): { readonly url: string; readonly credentials: boolean } {
  const home = `${policy.upstream.origin}/v2/`;
  const named = from === undefined ? realm : decide(policy, "realm", from, realm).url;
  return decide(policy, "realm", home, named);
}

/** Ask the origin policy, and say so when it refuses. */
export function decide(
  { upstream, observer }: Pick<TransportSettings, "upstream" | "observer">,
  use: OriginUse,
  from: string,
  target: string,
): { readonly url: string; readonly credentials: boolean } {
  try {
    return decideOrigin({ use, upstream, from, target });
  } catch (error) {
    if (isTidegateError(error, "ORIGIN_NOT_TRUSTED")) {
      observe(observer, { type: "origin.refused", upstream: upstream.name, ...error.details });
    }
    throw error;
  }
}
