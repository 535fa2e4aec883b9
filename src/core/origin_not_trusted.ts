import { type OriginUse, TidegateError } from "./errors.ts";
import type { Upstream } from "./profile.ts";

const LIST: Readonly<Partial<Record<OriginUse, string>>> = {
  realm: "tokenOrigins",
  redirect: "blobOrigins",
  location: "uploadOrigins",
  "foreign-layer": "blobOrigins",
};

/**
 * The error for an origin that the policy refused, or from which it withheld a credential. It names
 * both origins and the line of configuration that would allow it.
 *
 * @param use What the target was about to be used for.
 * @param upstream The upstream whose rules refused it.
 * @param target The refused origin; no path, no query.
 */
export function originNotTrusted(
  use: OriginUse,
  upstream: Pick<Upstream, "name" | "origin">,
  target: string,
): TidegateError<"ORIGIN_NOT_TRUSTED"> {
  const list = LIST[use];
  const allow = list === undefined
    ? `nothing: a ${use} must stay on ${upstream.origin}`
    : `"${list}": ["${target}"] in upstream "${upstream.name}"`;
  return new TidegateError(
    "ORIGIN_NOT_TRUSTED",
    `${upstream.origin} named ${target} as ${use}, which its configuration does not allow; to allow it: ${allow}`,
    { use, origin: upstream.origin, target, allow },
  );
}
