import { isTidegateError, type OriginUse } from "../core/mod.ts";
import { decideOrigin } from "../upstream/mod.ts";
import type { TransportSettings } from "./options.ts";

/** Ask the origin policy, and say so when it refuses. */
export function decide(
  { upstream, observe }: Pick<TransportSettings, "upstream" | "observe">,
  use: OriginUse,
  from: string,
  target: string,
): { readonly url: string; readonly credentials: boolean } {
  try {
    return decideOrigin({ use, upstream, from, target });
  } catch (error) {
    if (isTidegateError(error, "ORIGIN_NOT_TRUSTED")) {
      const { origin, target, allow } = error.details;
      observe({ type: "origin.refused", use, origin, target, allow });
    }
    throw error;
  }
}
