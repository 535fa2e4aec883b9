/**
 * Docker Hub: the registry client for it, and the API beside its registry: login, repositories, tags,
 * search, scans, both rate limits.
 *
 * In: an account, or nobody's. Out: what the Hub knows, checked; images, verified. Next: the caller.
 * @module
 */
export { createDockerHubClient } from "./create_docker_hub_client.ts";
export type {
  DockerHubClient,
  HubLogin,
  HubRateLimitStatus,
  LoginOptions,
} from "./create_docker_hub_client.ts";
export type { ApiRateLimit } from "./api_rate_limit.ts";
export type { AccountOptions } from "./credentials.ts";
export type { HubHealth } from "./health.ts";
export type { RepositoryLike } from "./hub_name.ts";
export type { DockerHubClientOptions, ScoutSettings } from "./options.ts";
export { HUB_PULL_LIMITS } from "./pull_budget.ts";
export type { BatchPull, PullBatchOptions, PullResult } from "./pull_batch.ts";
export type { PullLimitSettings, RateLimitStatus } from "./pull_limits.ts";
export type {
  CreateRepositoryOptions,
  HubRepositoryOperations,
  ListRepositoriesOptions,
  RepositoryTexts,
  UpdateRepositoryOptions,
} from "./repositories.ts";
export type { HubPermissions, HubRepository, HubRepositoryDetails } from "./repository.ts";
export type { HubScanOperations, ScanMiss, ScanOptions, ScanOverview } from "./scans.ts";
export type { ScanFindings, ScanSource, ScanSubject } from "./scan_source.ts";
export type { SearchOptions, SearchResult } from "./search.ts";
export type { SessionPhase } from "./session_state.ts";
export type { Severity, SeverityCounts } from "../attestation/mod.ts";
export type { HubTag, HubTagImage } from "./tag.ts";
export type { HubTagOperations, ListTagDetailsOptions } from "./tags.ts";
