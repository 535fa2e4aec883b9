import type { RegistryProfile, Upstream } from "../core/mod.ts";
import { GENERIC_PROFILE, PROFILES, resolveUpstream } from "../upstream/mod.ts";

/** Where Docker Hub's API answers. */
export const HUB_ORIGIN = "https://hub.docker.com";

/** Where Docker Scout answers without credentials. */
export const SCOUT_ORIGIN = "https://api.dso.docker.com";

/** Most bytes of one chunk on Docker Hub. */
export const HUB_CHUNK_BYTES: number = 5 * 1024 * 1024;

const REGISTRY_PROFILE: RegistryProfile = PROFILES.find(({ name }) => name === "hub") ??
  GENERIC_PROFILE;

/** The API beside the registry; credentials filed for Docker Hub are meant for it too. */
const API_PROFILE: RegistryProfile = {
  ...GENERIC_PROFILE,
  name: "hub-api",
  origin: HUB_ORIGIN,
  hosts: ["hub.docker.com"],
  credentialKeys: ["hub.docker.com", ...REGISTRY_PROFILE.credentialKeys],
};

/**
 * An API as an upstream: everything stays on its origin, redirects and further pages included.
 *
 * @throws {TidegateError} CONFIGURATION when the origin is none, or plain http elsewhere than on
 * loopback without `insecure`.
 */
export function apiUpstream(
  name: string,
  origin: string,
  insecure: boolean | undefined,
): Upstream {
  const profile = name === "hub.docker.com" ? API_PROFILE : GENERIC_PROFILE;
  return resolveUpstream(name, {
    name,
    origin,
    profile,
    tokenOrigins: [],
    blobOrigins: [],
    ...{
      insecure: insecure ?? false,
    },
  });
}

/** Where Docker Hub's registry and its token service are. */
export interface HubRegistryPlaces {
  readonly registryOrigin?: string | undefined;
  readonly authOrigin?: string | undefined;
  readonly insecure?: boolean | undefined;
  readonly chunkBytes: number;
}

/** Docker Hub's registry, which references call `docker.io`. */
export function registryUpstream(places: HubRegistryPlaces): Upstream {
  const { registryOrigin, authOrigin, insecure, chunkBytes } = places;
  return resolveUpstream("docker.io", {
    name: "docker.io",
    profile: { ...REGISTRY_PROFILE, maxPatchBytes: chunkBytes },
    ...(registryOrigin !== undefined && { origin: registryOrigin }),
    ...(authOrigin !== undefined && { tokenOrigins: [authOrigin] }),
    ...(insecure !== undefined && { insecure }),
  });
}

/** Whether the host of a reference means Docker Hub. */
export function isHubHost(registry: string): boolean {
  return REGISTRY_PROFILE.hosts.includes(registry);
}
