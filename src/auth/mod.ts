/**
 * Who asks, and how to prove it: challenges, scopes, credentials, tokens.
 *
 * In: a request's scopes, a 401. Out: a value for `Authorization`. Next: `transport`.
 * @module
 */
export type { Authorizer } from "./authorizer.ts";
export * from "./challenge.ts";
export * from "./credential.ts";
export {
  formatScope,
  MAX_SCOPE_LENGTH,
  mergeScopes,
  parseScope,
  repositoryScope,
  type Scope,
} from "./scope.ts";
