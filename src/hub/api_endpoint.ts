import type { ApiEndpoint } from "../core/mod.ts";

/** By the path; the first that fits. */
const ENDPOINTS: readonly (readonly [RegExp, ApiEndpoint])[] = [
  [/^\/v2\/(?:auth\/token|users\/(?:login|2fa-login))$/, "login"],
  [/^\/api\/search\//, "search"],
  [/\/graphql$/, "scans"],
  [/^\/v2\/(?:namespaces\/[^/]+\/)?repositories\/[^/]+\/(?:[^/]+\/)?tags(?:\/|$)/, "tags"],
  [/^\/v2\/(?:namespaces\/[^/]+\/)?repositories(?:\/|$)/, "repositories"],
];

/** Which part of Docker Hub's API, or Scout's, a URL belongs to. */
export function hubEndpoint(url: string): ApiEndpoint | undefined {
  const { pathname } = new URL(url);
  return ENDPOINTS.find(([path]) => path.test(pathname))?.[1];
}
