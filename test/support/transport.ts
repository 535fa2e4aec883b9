import {
  type Fetch,
  type Random,
  type RegistryRequest,
  type RegistryResponse,
  type Upstream,
} from "../../src/core/mod.ts";
import type { TransportSettings } from "../../src/transport/settings.ts";
import { createTransportState } from "../../src/transport/state.ts";
import type { VirtualClock } from "./virtual_clock.ts";

/** The registry that transport tests talk to. */
export const UPSTREAM: Upstream = {
  name: "test",
  origin: "https://registry.test",
  profile: {
    name: "generic",
    hosts: [],
    tokenOrigins: [],
    credentialKeys: [],
    referrers: "detect",
    tagPageSize: 1000,
    multipleChunks: true,
    notFoundRedirects: ["github.com"],
  },
  tokenOrigins: [],
  blobOrigins: ["*"],
  uploadOrigins: [],
  insecure: false,
};

/** A read of a blob, or what the overrides make of it. */
export function blobRequest(overrides: Partial<RegistryRequest> = {}): RegistryRequest {
  return {
    method: "GET",
    url: "https://registry.test/v2/a/blobs/sha256:00",
    headers: { accept: "*/*" },
    kind: "blob",
    scopes: ["repository:a:pull"],
    ...overrides,
  };
}

/** An answer as a layer gets it from the one below. Counts its releases. */
export function answer(
  status: number,
  headers: Record<string, string> = {},
  body: string | null = "",
  url = "https://registry.test/v2/a/blobs/sha256:00",
): RegistryResponse & { releases: number } {
  const response = new Response(body, { headers });
  return {
    status,
    headers: response.headers,
    body: response.body,
    url,
    releases: 0,
    release(): void {
      this.releases++;
    },
  };
}

/** Randomness that always says the same. */
export function fixedRandom(float = 0.5): Random {
  return { float: () => float, bytes: (length) => new Uint8Array(length) };
}

/** Settings with every wait on a virtual clock and no authorisation. */
export function testSettings(
  clock: VirtualClock,
  overrides: Partial<TransportSettings> = {},
): TransportSettings {
  const noFetch: Fetch = () => Promise.reject(new Error("no fetch in this test"));
  return {
    upstream: UPSTREAM,
    fetch: noFetch,
    authorizer: {
      authorization: () => Promise.resolve(undefined),
      answer: () => Promise.resolve(undefined),
    },
    clock,
    random: fixedRandom(),
    observer: undefined,
    retry: { attempts: 4, baseMs: 250, maximumMs: 30_000, retryAfterMs: 60_000 },
    breaker: { failureThreshold: 5, successThreshold: 2, resetMs: 30_000 },
    throttle: { concurrency: 10, smallReserve: 1, queueMs: 120_000 },
    timeouts: { headersMs: 30_000, totalMs: 120_000 },
    state: createTransportState(),
    userAgent: "tidegate-test",
    ...overrides,
  };
}
