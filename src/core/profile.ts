/** How one registry product differs from the spec, as data. `upstream` ships a table of them. */
export interface RegistryProfile {
  /** `generic`, `hub`, `ghcr`, `ecr`, `gar`… */
  readonly name: string;
  /** Hosts as users write them that mean this registry: `docker.io`, `index.docker.io`. */
  readonly hosts: readonly string[];
  /** Where its API answers when that is not the host itself: `https://registry-1.docker.io`. */
  readonly origin?: string;
  /** Token endpoints on other origins that may be given this registry's credentials. */
  readonly tokenOrigins: readonly string[];
  /** Keys under which docker's config.json files the credentials, tried in order. */
  readonly credentialKeys: readonly string[];
  /** `api`: has end-12; `tag`: only the fallback tag; `detect`: ask, then fall back. */
  readonly referrers: "api" | "tag" | "detect";
  /** Largest `n` it takes when listing tags. ECR refuses more than 1000. */
  readonly tagPageSize: number;
  /** Largest PATCH body in bytes; absent for no known cap. GHCR: 4 MiB. */
  readonly maxPatchBytes?: number;
  /** Largest monolithic PUT in bytes; absent for no known cap. */
  readonly maxPutBytes?: number;
  /** Whether an upload may take several PATCHes. Google's registries take one. */
  readonly multipleChunks: boolean;
  /** Hosts whose redirects mean "not found": GHCR answers 303 to github.com. */
  readonly notFoundRedirects: readonly string[];
  /**
   * Bad credentials are answered 403 even for public images: pulls are then tried once more without
   * them. GHCR.
   */
  readonly anonymousAfterDenied?: boolean;
}

/**
 * One registry as the operator bound it: where it is, and which other origins may serve it.
 * Nothing learned from the network widens it.
 */
export interface Upstream {
  /** The operator's name for it; appears in logs and in cache keys. */
  readonly name: string;
  /** Scheme, host and port: `https://registry-1.docker.io`. */
  readonly origin: string;
  readonly profile: RegistryProfile;
  /** Origins whose token endpoint may be given this upstream's credentials. The own origin always may. */
  readonly tokenOrigins: readonly string[];
  /** Origins that blobs may be redirected to; `*` is any public https origin. Never with credentials. */
  readonly blobOrigins: readonly string[];
  /** Origins an upload `Location` may name besides the own one. */
  readonly uploadOrigins: readonly string[];
  /** Allow plain http to `origin` itself. Certificate checks are never switched off. */
  readonly insecure: boolean;
}
