import { pullManifestRequest } from "../distribution/mod.ts";
import { formatReference, type Reference } from "../reference/mod.ts";
import { discard, readRateLimit } from "../transport/mod.ts";
import type { CallOptions, ClientContext } from "./context.ts";
import { responseFailure } from "./response_failure.ts";

/** How many pulls are left. */
export interface RateLimit {
  /** Pulls per window. */
  readonly limit: number | undefined;
  /** Pulls left in this window. */
  readonly remaining: number | undefined;
  readonly windowSeconds: number | undefined;
  /** Latest end of the window, in milliseconds since the epoch. */
  readonly resetAt: number | undefined;
  /** Whom the pulls are counted against: an address or an account. */
  readonly source: string | undefined;
  /** Whether credentials are configured for the registry. */
  readonly authenticated: boolean;
}

/**
 * Ask how many pulls a registry still allows, by a HEAD of the manifest, which counts as none.
 *
 * @returns `undefined` when the registry tells of no limit.
 * @throws {TidegateError} What the registry answers.
 */
export async function rateLimit(
  { connect, settings }: ClientContext,
  ref: Reference,
  { signal }: CallOptions = {},
): Promise<RateLimit | undefined> {
  const { clock, credentials } = settings;
  const { send, target, upstream } = connect(ref);
  const wanted = ref.digest ?? ref.tag ?? "latest";
  const response = await send(
    pullManifestRequest(target, wanted, { method: "HEAD", signal }),
  );
  const facts = readRateLimit(response.headers);
  if (facts === undefined && response.status !== 200) {
    throw await responseFailure(response, formatReference(ref), clock, signal);
  }
  discard(response, clock);
  if (facts === undefined) return undefined;
  const { windowSeconds } = facts;
  return {
    ...facts,
    resetAt: windowSeconds === undefined ? undefined : clock.now() + windowSeconds * 1000,
    authenticated: await credentials?.get(upstream) !== undefined,
  };
}
