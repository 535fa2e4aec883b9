import type { RegistryRequest } from "../core/mod.ts";
import { invalidResponse } from "./invalid_response.ts";
import { checkOrigin } from "./target.ts";

/**
 * Ask whether a registry is there (end-1).
 *
 * @param origin Scheme, host and port.
 * @throws {TypeError} If the origin is not one.
 */
export function pingRequest(origin: string): RegistryRequest {
  const url = `${checkOrigin(origin)}/v2/`;
  return { method: "GET", url, headers: {}, kind: "ping", scopes: [] };
}

/** What a registry says of itself. */
export interface PingHead {
  /** Whether it answers without, or with the given, credentials. */
  readonly isOpen: boolean;
}

/**
 * Read the answer to a ping.
 *
 * @throws {TidegateError} INVALID_RESPONSE for any status but 200 and 401: no registry answers here.
 */
export function readPingHead(status: number): PingHead {
  if (status === 200 || status === 401) return { isOpen: status === 200 };
  throw invalidResponse("ping status", String(status), "must be 200 or 401");
}
