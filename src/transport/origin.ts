import { isTidegateError, type OriginUse } from "../core/mod.ts";
import { observe } from "../observability/mod.ts";
import { decideOrigin } from "../upstream/mod.ts";
import type { TransportSettings } from "./settings.ts";

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
      const { origin, target, allow } = error.details;
      const { name } = upstream;
      observe(observer, { type: "origin.refused", upstream: name, use, origin, target, allow });
    }
    throw error;
  }
}
