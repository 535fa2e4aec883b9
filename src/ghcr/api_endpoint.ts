import type { ApiEndpoint } from "../core/mod.ts";

/** By the path without the prefix of Enterprise Server; the first that fits. */
const ENDPOINTS: readonly (readonly [RegExp, ApiEndpoint])[] = [
  [/^\/rate_limit$/, "rate-limit"],
  [/\/attestations\/[^/]+$/, "attestations"],
  [/\/packages\/container\/[^/]+\/versions(?:\/|$)/, "versions"],
  [/\/packages(?:\/|$)/, "packages"],
  [/^\/users\/[^/]+$/, "accounts"],
];

/** Which part of GitHub's API a path belongs to. */
export function githubEndpoint(path: string): ApiEndpoint | undefined {
  return ENDPOINTS.find(([pattern]) => pattern.test(path))?.[1];
}
