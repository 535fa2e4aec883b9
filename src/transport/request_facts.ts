import type { RegistryRequest, Upstream } from "../core/mod.ts";
import { redactUrl, type RequestFacts, type RequestPlace } from "../observability/mod.ts";

/** What every event about a request says of it. */
export function requestFacts(
  upstream: Upstream,
  request: RegistryRequest,
): RequestFacts {
  const { kind, endpoint, method, url } = request;
  const facts = { ...requestPlace(upstream, request), kind, method, url: redactUrl(url) };
  return endpoint === undefined ? facts : { ...facts, endpoint };
}

/** Which request it is. */
export function requestPlace(
  { name: upstream }: Upstream,
  { id: request, operation }: RegistryRequest,
): RequestPlace {
  return { upstream, request, operation };
}
