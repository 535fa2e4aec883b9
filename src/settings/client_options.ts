import type { Secret, Upstream } from "../core/mod.ts";
import { profileForHost, resolveUpstream } from "../upstream/mod.ts";
import type { HubSettings } from "./hub_settings.ts";

/** Docker Hub's host as references write it. */
const HUB = "docker.io";
const MIB = 1024 * 1024;

/** Options of a registry client, of its pushes and of its pulls. */
export interface OptionsOfSettings {
  /** For `createRegistryClient`. */
  readonly client: {
    readonly upstreams: readonly Upstream[];
    readonly credentials?: SettingsCredentials | undefined;
    readonly transport: {
      readonly retry: { readonly attempts: number };
      readonly breaker: {
        readonly failureThreshold: number;
        readonly successThreshold: number;
        readonly resetMs: number;
      };
      readonly throttle: { readonly concurrency: number };
      readonly timeouts: { readonly headersMs: number; readonly totalMs: number };
    };
  };
  /** For `createManifestCache`. Absent where the settings want no cache. */
  readonly cache:
    | { readonly manifestTtlSeconds: number; readonly tagTtlSeconds: number }
    | undefined;
  /** For `blobs.put`. */
  readonly blobs: { readonly chunkBytes: number };
  /** For `pushImage`. */
  readonly push: { readonly concurrency: number };
  /** For `pullImage`. */
  readonly pull: { readonly concurrency: number };
}

/** A `CredentialProvider` that has Docker Hub's credential for Docker Hub alone. */
export interface SettingsCredentials {
  readonly id: string;
  /** For any other upstream, undefined. */
  get(upstream: Upstream): Promise<
    { readonly kind: "basic"; readonly username: string; readonly password: Secret } | undefined
  >;
}

/**
 * What settings mean to a registry client. One exchange has `timeoutSeconds`, a request with its tries
 * twice that. The credential is bound to `registryUrl` and, as its token endpoint, to `authUrl`.
 *
 * @throws {TidegateError} CONFIGURATION for origins that no upstream may have.
 */
export function clientOptions(settings: HubSettings): OptionsOfSettings {
  const { auth, authUrl, cache, registryUrl, resilience, upload } = settings;
  const { circuitBreaker, maxRetries, timeoutSeconds } = resilience;
  const { maxConcurrentDownloads, maxConcurrentUploads } = upload;
  const hub = resolveUpstream(HUB, {
    profile: profileForHost(HUB),
    origin: registryUrl,
    tokenOrigins: [authUrl],
  });
  return {
    client: {
      upstreams: [hub],
      ...(auth && { credentials: credentialsOf(auth, hub) }),
      transport: {
        retry: { attempts: maxRetries + 1 },
        breaker: {
          failureThreshold: circuitBreaker.failureThreshold,
          successThreshold: circuitBreaker.successThreshold,
          resetMs: circuitBreaker.resetTimeoutSeconds * 1000,
        },
        throttle: { concurrency: Math.max(maxConcurrentDownloads, maxConcurrentUploads) },
        timeouts: { headersMs: timeoutSeconds * 1000, totalMs: timeoutSeconds * 2000 },
      },
    },
    cache: cache.enabled
      ? { manifestTtlSeconds: cache.manifestTtlSeconds, tagTtlSeconds: cache.tagTtlSeconds }
      : undefined,
    blobs: { chunkBytes: upload.chunkSizeMb * MIB },
    push: { concurrency: maxConcurrentUploads },
    pull: { concurrency: maxConcurrentDownloads },
  };
}

function credentialsOf(
  { secret, username }: NonNullable<HubSettings["auth"]>,
  { origin }: Upstream,
): SettingsCredentials {
  const credential = { kind: "basic", username, password: secret } as const;
  return {
    id: "settings:docker_hub",
    get: (upstream) => Promise.resolve(upstream.origin === origin ? credential : undefined),
  };
}
