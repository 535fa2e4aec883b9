/**
 * GitHub's container registry: the registry client, the Packages API, safe cleanup, attestations.
 *
 * In: a reference like `acme/app:v1`, a token. Out: images, packages, reports. Next: the caller.
 * @module
 */
export { createGhcrClient } from "./create_ghcr_client.ts";
export type { GhcrClient, GhcrClientOptions, PackageOperations } from "./create_ghcr_client.ts";
export type { ApiCallOptions } from "./api.ts";
export type { ApiRateLimit } from "./api_limits.ts";
export type {
  Attestation,
  AttestationOperations,
  AttestationOptions,
  ListAttestationsOptions,
  VulnerabilityReport,
} from "./attestations.ts";
export type { AttestationSource } from "./attestation_sources.ts";
export type { CleanupFailure, CleanupOptions, CleanupResult } from "./cleanup.ts";
export { type CleanupPlan, type CleanupReason, type Need, planCleanup } from "./cleanup_plan.ts";
export type { CleanupEntry } from "./cleanup_plan.ts";
export {
  type CleanupNode,
  type CleanupPolicy,
  type CleanupRules,
  resolvePolicy,
} from "./cleanup_policy.ts";
export type { CopyImageOptions } from "./copy_image.ts";
export {
  type GithubBinding,
  githubCredentials,
  type GithubCredentialsOptions,
  githubEnvironmentCredentials,
  type GithubEnvironmentOptions,
  refreshedCredentials,
  type RefreshedCredentialsOptions,
} from "./credentials.ts";
export type { DeleteImageOptions, LocatedVersion } from "./delete_image.ts";
export { apiUrlOf, GHCR_PROFILE } from "./github_hosts.ts";
export type { HealthError, HealthOptions, HealthStatus } from "./health.ts";
export type { JsonObject } from "../core/mod.ts";
export { type PackageOwner } from "./owner.ts";
export type { GhcrPackage, PackageVersion } from "./package.ts";
export type {
  ListPackagesOptions,
  ListVersionsOptions,
  PackageCalls,
  RestorePackageOptions,
} from "./packages.ts";
export { GHCR, parseGhcrReference, tryParseGhcrReference } from "./reference.ts";
export type { Severity, Statement, Vulnerability } from "../attestation/mod.ts";
