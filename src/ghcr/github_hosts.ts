import { type RegistryProfile, TidegateError, type Upstream } from "../core/mod.ts";
import { GENERIC_PROFILE, profileForHost, PROFILES, resolveUpstream } from "../upstream/mod.ts";
import { GHCR } from "./reference.ts";

/** What is peculiar about GitHub's registry, as data. */
export const GHCR_PROFILE: RegistryProfile = PROFILES.find(({ name }) => name === "ghcr") ??
  GENERIC_PROFILE;

/**
 * Where the API of a registry's GitHub is: `https://api.github.com`; with data residency
 * `https://api.NAME.ghe.com` for `containers.NAME.ghe.com`.
 */
export function apiUrlOf(registry: string): string {
  const [, name] = /^containers\.([a-z0-9-]+)\.ghe\.com$/i.exec(registry) ?? [];
  return name === undefined
    ? "https://api.github.com"
    : `https://api.${name.toLowerCase()}.ghe.com`;
}

/** The API as an upstream of its own, and what stands before its paths. */
export interface ApiPlace {
  readonly upstream: Upstream;
  readonly prefix: string;
}

/**
 * Read the URL of an API.
 *
 * @throws {TidegateError} CONFIGURATION for one that is none, that has a query or a user name, or
 * that is plain http elsewhere than on this machine.
 */
export function resolveApi(apiUrl: string): ApiPlace {
  const url = URL.canParse(apiUrl) ? new URL(apiUrl) : undefined;
  if (url === undefined || url.search !== "" || url.hash !== "" || url.username !== "") {
    const reason = "must be a URL without query and user name";
    throw new TidegateError("CONFIGURATION", `apiUrl ${reason}`, { key: "apiUrl", reason });
  }
  const upstream = resolveUpstream(url.host, {
    origin: url.origin,
    profile: { ...GENERIC_PROFILE, name: "github" },
    blobOrigins: [],
  });
  return { upstream, prefix: url.pathname.replace(/\/+$/, "") };
}

/** The registry as an upstream: its own profile if it has one, else that of `ghcr.io`. */
export function resolveGhcr(registry: string = GHCR): Upstream {
  const known = profileForHost(registry);
  const profile = known === GENERIC_PROFILE ? GHCR_PROFILE : known;
  return resolveUpstream(registry, { profile });
}
