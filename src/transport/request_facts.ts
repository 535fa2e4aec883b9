import type { RegistryRequest, Upstream } from "../core/mod.ts";
import { redactUrl, type RequestFacts } from "../observability/mod.ts";

/** What every event about a request says of it. */
export function requestFacts(
  { name: upstream }: Upstream,
  { kind, method, url }: RegistryRequest,
): RequestFacts {
  return { upstream, kind, method, url: redactUrl(url) };
}
