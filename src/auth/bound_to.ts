import type { Upstream } from "../core/mod.ts";

/**
 * Whether a line that names a registry means exactly this upstream: its origin, or one of the keys
 * that its profile lists (`https://index.docker.io/v1/`).
 *
 * A name without scheme takes the upstream's. `/v1/` and `/v2/` may follow; any other path, port or
 * scheme is another registry. Nothing is matched by suffix or by domain.
 */
export function isBoundTo(line: string, upstream: Upstream): boolean {
  if (upstream.profile.credentialKeys.includes(line)) return isOwnProfile(upstream);
  return originOfLine(line, upstream.origin) === upstream.origin;
}

/** A profile's keys count for its own origin only: an upstream elsewhere may borrow the profile. */
function isOwnProfile({ origin, profile }: Upstream): boolean {
  const own = profile.origin === undefined ? profile.hosts : [new URL(profile.origin).host];
  return own.includes(new URL(origin).host) && origin.startsWith("https:");
}

function originOfLine(line: string, upstreamOrigin: string): string | undefined {
  const match = /^(?:(https?):\/\/)?([^/\\?#@\s]+)(?:\/|\/v[12]\/?)?$/i.exec(line);
  if (match === null) return undefined;
  const scheme = match[1] ?? upstreamOrigin.slice(0, upstreamOrigin.indexOf(":"));
  try {
    return new URL(`${scheme}://${match[2]}`).origin;
  } catch {
    return undefined;
  }
}
