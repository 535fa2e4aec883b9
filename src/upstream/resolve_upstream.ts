import { excerpt, TidegateError, type Upstream } from "../core/mod.ts";
import { isLoopbackHost } from "./host_class.ts";
import { isPublicOrigin, tryParseOrigin, tryParseUrl } from "./origin.ts";
import { profileForHost } from "./profiles.ts";

/** What an operator may set; everything else comes from the host's profile. */
export type UpstreamOverrides = Partial<Upstream>;

/**
 * The upstream that a registry host means: its origin, and which other origins may serve it.
 *
 * A loopback host is spoken to over http, as Docker does; any other host over https unless
 * `overrides` has both an http `origin` and `insecure`. Blobs may be redirected to any public https
 * origin unless `blobOrigins` says otherwise.
 *
 * @param host As in a reference: `docker.io`, `localhost:5000`, `[::1]:5000`.
 * @param overrides Fields to set instead; origins are checked and brought into their normal form.
 * @throws {TidegateError} CONFIGURATION, naming the key, when an origin is none (a path, a user name,
 * another scheme), or is plain http where that is not allowed.
 */
export function resolveUpstream(host: string, overrides: UpstreamOverrides = {}): Upstream {
  const profile = overrides.profile ?? profileForHost(host);
  const insecure = overrides.insecure ?? false;
  const origin = requireOrigin("origin", overrides.origin ?? profile.origin ?? originOf(host));
  requireSecure("origin", origin, insecure);
  const list = (key: string, value: readonly string[]): readonly string[] =>
    value.map((entry) => requireListed(key, entry, { origin, insecure }));
  // a mirror of docker.io has the hub's profile, but its credentials are none of the hub's business
  const own = overrides.profile ?? profileForHost(new URL(origin).host);
  return {
    name: overrides.name ?? host,
    origin,
    profile,
    tokenOrigins: list("tokenOrigins", overrides.tokenOrigins ?? own.tokenOrigins),
    blobOrigins: list("blobOrigins", overrides.blobOrigins ?? ["*"]),
    uploadOrigins: list("uploadOrigins", overrides.uploadOrigins ?? []),
    insecure,
  };
}

function originOf(host: string): string {
  const url = /^[^/\\?#@\s]+$/.test(host) ? tryParseUrl(`https://${host}`) : undefined;
  if (url === undefined) throw misconfigured("origin", host, "is no host");
  return isLoopbackHost(url.hostname) ? `http://${host}` : url.href;
}

function requireOrigin(key: string, text: string): string {
  const origin = tryParseOrigin(text);
  if (origin !== undefined) return origin;
  throw misconfigured(key, text, "is not scheme, host and port alone");
}

function requireSecure(key: string, origin: string, insecure: boolean): void {
  if (origin.startsWith("https:") || insecure || isLoopbackHost(new URL(origin).hostname)) return;
  throw misconfigured(key, origin, 'is plain http: set "insecure" to allow it');
}

function requireListed(
  key: string,
  entry: string,
  own: Pick<Upstream, "origin" | "insecure">,
): string {
  if (entry === "*") {
    if (key === "blobOrigins") return entry;
    throw misconfigured(key, entry, "takes no *; only blobOrigins does");
  }
  const origin = requireOrigin(key, entry);
  if (isPublicOrigin(own.origin) && !origin.startsWith("https:")) {
    throw misconfigured(key, origin, "is plain http in a public upstream");
  }
  requireSecure(key, origin, own.insecure);
  return origin;
}

function misconfigured(key: string, value: string, reason: string): TidegateError<"CONFIGURATION"> {
  const shown = excerpt(value.replace(/[^/\\]*@/g, ""), 128); // a user name may come with a password
  return new TidegateError("CONFIGURATION", `"${shown}" in ${key} ${reason}`, { key, reason });
}
