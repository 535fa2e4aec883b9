import type { RegistryClient } from "../client/mod.ts";
import { type Clock, type ErrorCode, isJsonObject, isTidegateError } from "../core/mod.ts";
import type { ApiCallOptions, GithubApi } from "./api.ts";
import type { ApiRateLimit } from "./api_limits.ts";
import { githubAnswer } from "./fields.ts";

const { readCount, readObject } = githubAnswer;

/** How health is probed. */
export interface HealthOptions extends ApiCallOptions {
  /** Longest time that the probe may take, in milliseconds. Default is 10 000. */
  readonly timeoutMs?: number | undefined;
}

/** What a probe failed with. Holds no secret. */
export interface HealthError {
  readonly code: ErrorCode | "ABORTED";
  readonly message: string;
}

/** Whether GitHub's registry can be used now. */
export interface HealthStatus {
  /** Whether the registry gave a token and took it. */
  readonly healthy: boolean;
  /** How long that took, in milliseconds. */
  readonly latencyMs: number;
  /** What is left of the API's budget; undefined when the API did not tell. */
  readonly rateLimit: ApiRateLimit | undefined;
  /** What went wrong: with the registry, else with the API. */
  readonly error: HealthError | undefined;
}

const TIMEOUT_MS = 10_000;

/** What health is probed with. */
export interface HealthContext {
  /** A client that has no token yet: to get one is the probe. */
  readonly registry: Pick<RegistryClient, "ping">;
  readonly host: string;
  readonly api: GithubApi;
  readonly clock: Clock;
}

/** Probe the registry's token endpoint and the API's budget, both at once. Never throws. */
export async function checkHealth(
  { registry, host, api, clock }: HealthContext,
  { signal: outer, timeoutMs = TIMEOUT_MS }: HealthOptions = {},
): Promise<HealthStatus> {
  const startedAt = clock.now();
  const deadline = new AbortController();
  const stop = clock.after(timeoutMs, () => deadline.abort(new TimeoutError(timeoutMs)));
  const signal = outer ? AbortSignal.any([outer, deadline.signal]) : deadline.signal;
  const probe = async (): Promise<number> => {
    await registry.ping({ registry: host }, { signal });
    return clock.now() - startedAt;
  };
  try {
    const [token, budget] = await Promise.allSettled([probe(), askRateLimit(api, { signal })]);
    const failed = [token, budget].find(({ status }) => status === "rejected");
    return {
      healthy: token.status === "fulfilled",
      latencyMs: token.status === "fulfilled" ? token.value : clock.now() - startedAt,
      rateLimit: budget.status === "fulfilled" ? budget.value : undefined,
      error: failed?.status === "rejected" ? describe(failed.reason) : undefined,
    };
  } finally {
    stop();
  }
}

/**
 * Ask the API for what is left of its budget, which costs nothing of it.
 *
 * @throws {TidegateError} What {@linkcode GithubApi} says.
 */
export async function askRateLimit(
  api: GithubApi,
  { signal }: ApiCallOptions = {},
): Promise<ApiRateLimit> {
  const answer = readObject(await api.get("/rate_limit", { what: "rate limit", signal }), "answer");
  const { resources } = answer;
  const core = readObject(
    isJsonObject(resources) ? resources["core"] : undefined,
    "resources.core",
  );
  return {
    limit: readCount(core["limit"], "core.limit"),
    remaining: readCount(core["remaining"], "core.remaining"),
    resetAt: readCount(core["reset"], "core.reset") * 1000,
    resource: "core",
  };
}

/** Why a probe that took too long was ended. */
class TimeoutError extends Error {
  constructor(milliseconds: number) {
    super(`The probe took longer than ${milliseconds} ms`);
  }
}

function describe(error: unknown): HealthError {
  if (isTidegateError(error)) return { code: error.code, message: error.message };
  if (error instanceof TimeoutError) return { code: "NETWORK_TIMEOUT", message: error.message };
  return { code: "ABORTED", message: "The probe was aborted" };
}
