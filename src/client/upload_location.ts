import { type RegistryRequest, type RegistryResponse, TidegateError } from "../core/mod.ts";
import type { Target } from "../distribution/mod.ts";
import { askOrigin, type OriginPolicy } from "../transport/mod.ts";

/** Who answered, and the URL that a relative `Location` is resolved against. */
export function baseOf({ url }: RegistryRequest, response: RegistryResponse): string {
  // after redirects it is the last one; without any, the query that the response lacks is kept
  return url.split("?")[0] === response.url ? url : response.url;
}

/**
 * Where an upload goes on, if the origin policy permits it.
 *
 * What is asked of the registry itself goes with its credentials, so another origin that holds the
 * upload may send it back there to an upload of the same repository, and to nothing else.
 *
 * @param policy Its observer is told of a refusal.
 * @param location Absolute.
 * @param from Who named it: {@linkcode baseOf}.
 * @throws {TidegateError} ORIGIN_NOT_TRUSTED or INVALID_RESPONSE.
 */
export function permitLocation(
  policy: OriginPolicy,
  { repository }: Target,
  location: string,
  from: string,
): string {
  const { url, credentials } = askOrigin(policy, "location", from, location);
  const { origin, pathname } = new URL(url);
  if (credentials || origin !== policy.upstream.origin || isUploadOf(repository, pathname)) {
    return url;
  }
  const reason = `must be an upload of the repository where ${new URL(from).origin} names it`;
  const details = { what: "Location", input: origin, reason };
  throw new TidegateError("INVALID_RESPONSE", `Location at ${origin} ${reason}`, details);
}

/** Nothing is encoded in it that a server might read as another path. */
function isUploadOf(repository: string, pathname: string): boolean {
  return pathname.startsWith(`/v2/${repository}/blobs/upload`) && !/%(?:2e|2f|5c)/i.test(pathname);
}
