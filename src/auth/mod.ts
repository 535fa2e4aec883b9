/**
 * Who asks, and how to prove it: challenges, scopes, credentials, tokens.
 *
 * In: a request's scopes, a 401. Out: a value for `Authorization`. Next: `transport`.
 * @module
 */
export { isBoundTo } from "./bound_to.ts";
export { type Authorizer, type AuthorizerOptions, createAuthorizer } from "./authorizer.ts";
export * from "./challenge.ts";
export * from "./credential.ts";
export { type DockerAuth, type DockerConfig, parseDockerConfig } from "./docker_config.ts";
export {
  dockerConfigCredentials,
  type DockerConfigCredentialsOptions,
  type DockerConfigHost,
  type HelperResult,
} from "./docker_config_credentials.ts";
export { dockerConfigHost, type DockerConfigHostOptions } from "./docker_config_host.ts";
export * from "./environment_credentials.ts";
export { processEnvironment } from "./environment_host.ts";
export type { RealmPolicy } from "./fetch_token.ts";
export { rememberCredentials, type RememberedCredentials } from "./remember_credentials.ts";
export {
  formatScope,
  MAX_SCOPE_LENGTH,
  mergeScopes,
  parseScope,
  repositoryScope,
  type Scope,
} from "./scope.ts";
export { createSealer, MIN_SEALING_KEY_BYTES, type Sealer, type SealPurpose } from "./seal.ts";
export * from "./static_credentials.ts";
export * from "./token.ts";
export * from "./token_cache.ts";
