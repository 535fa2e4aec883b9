import type { CredentialProvider } from "../auth/mod.ts";
import {
  type CallOptions,
  createRegistryClient,
  type PushedImage,
  type RegistryClient,
  type RegistryClientOptions,
} from "../client/mod.ts";
import { MAX_PAGES, platformFetch, systemClock, systemRandom, type Upstream } from "../core/mod.ts";
import type { Reference } from "../reference/mod.ts";
import { createTransportState } from "../transport/mod.ts";
import { createAccounts } from "./accounts.ts";
import { type ApiCallOptions, createGithubApi, type GithubApi } from "./api.ts";
import type { ApiRateLimit } from "./api_limits.ts";
import { type AttestationOperations, createAttestations } from "./attestations.ts";
import { cleanup, type CleanupOptions, type CleanupResult } from "./cleanup.ts";
import { copyImage, type CopyImageOptions } from "./copy_image.ts";
import { githubEnvironmentCredentials } from "./credentials.ts";
import {
  deleteImage,
  type DeleteImageOptions,
  findVersion,
  type ImageContext,
  type LocatedVersion,
} from "./delete_image.ts";
import { withPackageDeletes } from "./delete_layer.ts";
import { type ApiPlace, apiUrlOf, resolveApi, resolveGhcr } from "./github_hosts.ts";
import { askRateLimit, checkHealth, type HealthOptions, type HealthStatus } from "./health.ts";
import { createPackageCalls, type PackageCalls } from "./packages.ts";
import { GHCR, parseGhcrReference } from "./reference.ts";

/** What a GHCR client is made of. Everything has a default. */
export interface GhcrClientOptions extends RegistryClientOptions {
  /**
   * Finds credentials for the registry and, apart from that, for the API: each is asked for with its
   * own origin. Default is `GITHUB_ACTOR` and `GITHUB_TOKEN` of this process, if they are set.
   */
  readonly credentials?: CredentialProvider | undefined;
  /** The registry. Default is `ghcr.io`; with data residency `containers.NAME.ghe.com`. */
  readonly registry?: string | undefined;
  /**
   * The API, with its path if it has one (`https://ghe.example.com/api/v3`). Default is that of the
   * registry: `https://api.github.com`.
   */
  readonly apiUrl?: string | undefined;
}

/** The Packages API, and what is made of it. */
export interface PackageOperations extends PackageCalls {
  /** The version that a reference means, by its digest or tag. Rejects with NOT_FOUND. */
  find(ref: Reference, options?: ApiCallOptions): Promise<LocatedVersion>;
  /** Delete an image with all its tags: see {@linkcode deleteImage}. */
  deleteImage(ref: Reference, options?: DeleteImageOptions): Promise<LocatedVersion>;
  /** Delete what is no longer needed, by default only in thought: see {@linkcode cleanup}. */
  cleanup(
    ref: Pick<Reference, "registry" | "repository">,
    options?: CleanupOptions,
  ): Promise<CleanupResult>;
}

/**
 * A registry client for GHCR, with what GitHub has beside the registry. Deletions go through the
 * Packages API; `tags.delete` needs `viaEmptyManifest`, as GitHub has no call for it.
 */
export interface GhcrClient extends RegistryClient {
  /** Read a reference: `owner/name:tag` is on GHCR. See {@linkcode parseGhcrReference}. */
  parseReference(text: string): Reference;
  readonly packages: PackageOperations;
  readonly attestations: AttestationOperations;
  /** Copy an image: see {@linkcode copyImage}. */
  copyImage(from: Reference, to: Reference, options?: CopyImageOptions): Promise<PushedImage>;
  /** What is left of the API's budget. Asking costs nothing of it. */
  apiRateLimit(options?: CallOptions): Promise<ApiRateLimit>;
  /** Whether GHCR can be used now. Never rejects. */
  health(options?: HealthOptions): Promise<HealthStatus>;
}

/**
 * Make a client for GitHub's container registry and its packages.
 *
 * Cheap, and does no I/O. The registry's token goes to the registry, the API's to the API, and no
 * redirect or link takes either elsewhere.
 *
 * @example
 * ```ts
 * import { createGhcrClient } from "tidegate/ghcr";
 * const ghcr = createGhcrClient();
 * const ref = ghcr.parseReference("acme/app:v1");
 * const { digest } = await ghcr.manifests.get(ref);
 * ```
 *
 * @throws {TypeError} For options that contradict each other or are out of range.
 * @throws {TidegateError} CONFIGURATION for a registry or an `apiUrl` that is none.
 */
export function createGhcrClient(options: GhcrClientOptions = {}): GhcrClient {
  const { registry = GHCR, apiUrl = apiUrlOf(registry), ...rest } = options;
  const place = resolveApi(apiUrl);
  const credentials = options.credentials ?? githubEnvironmentCredentials({ registry, apiUrl });
  const upstreams = withGhcr(rest.upstreams ?? [], registry);
  const state = rest.state ?? createTransportState();
  const shared: RegistryClientOptions = { ...rest, credentials, upstreams, state };
  const api = createApi(shared, credentials, place);
  const accounts = createAccounts(api);
  const calls = createPackageCalls(api);
  const images: ImageContext = { packages: calls, accounts, origin: api.upstream.origin };
  const { origin } = upstreams.find(({ name }) => name === registry) as Upstream;
  const layers = [...rest.layers ?? [], withPackageDeletes(images, origin)];
  const client = createRegistryClient({ ...shared, layers });
  const { clock = systemClock } = rest;
  const packages: PackageOperations = {
    ...calls,
    find: (ref, options) => findVersion(images, ref, options),
    deleteImage: (ref, options) => deleteImage(images, ref, options),
    cleanup: (ref, options) =>
      cleanup({ ...images, manifests: client.manifests, clock }, ref, options),
  };
  return {
    ...client,
    parseReference: (text) => parseGhcrReference(text, registry),
    packages,
    attestations: createAttestations({
      ...{ api, accounts, registry: client },
      observer: rest.observer,
    }),
    copyImage: (from, to, options) => copyImage(client, from, to, options),
    apiRateLimit: (options) => askRateLimit(api, options),
    health(options): Promise<HealthStatus> {
      // one without tokens: to get one is the probe
      const probe = createRegistryClient({ ...shared, kv: undefined, sealingKeys: undefined });
      return checkHealth({ registry: probe, host: registry, api, clock }, options);
    },
  };
}

/** The registry by its name, with GHCR's profile, unless the caller describes it. */
function withGhcr(upstreams: readonly Upstream[], registry: string): readonly Upstream[] {
  const isKnown = upstreams.some(({ name }) => name === registry);
  return isKnown ? upstreams : [...upstreams, resolveGhcr(registry)];
}

function createApi(
  options: RegistryClientOptions,
  credentials: CredentialProvider,
  place: ApiPlace,
): GithubApi {
  const { fetch = platformFetch, clock = systemClock, random = systemRandom, observer } = options;
  const { limits, state = createTransportState(), transport = {} } = options;
  return createGithubApi({
    ...place,
    credentials,
    fetch,
    clock,
    random,
    observer,
    state,
    transport,
    maxPages: limits?.pages ?? MAX_PAGES,
  });
}
