import {
  type ErrorCode,
  isTidegateError,
  type Layer,
  type RegistryRequest,
  type Send,
  tookLong,
} from "../core/mod.ts";
import { observe } from "../observability/mod.ts";
import { PROBE_WAIT_MS } from "./breaker_state.ts";
import { sendWithin } from "./deadline.ts";
import { discard } from "./discard.ts";
import type { TransportSettings } from "./settings.ts";
import { requestFacts } from "./request_facts.ts";
import { type Outcome, planRetry, retryAfter } from "./retry_plan.ts";
import { uploadMs } from "./upload_time.ts";

/**
 * Repeat what may be repeated: full jitter, `Retry-After` never early, one time budget for all.
 *
 * A request that failed while the circuit opened waits once for it to be probed; one that finds it
 * open fails at once.
 *
 * The only layer that repeats: nothing above or below it does. When tries or time run out, the
 * last answer is returned (or the last error thrown) as it came.
 *
 * @throws {TidegateError} NETWORK_TIMEOUT with phase `total` when the budget runs out in a try.
 */
export function withRetry(settings: TransportSettings): Layer {
  const { clock, timeouts: { totalMs }, upstream: { origin } } = settings;
  return (next) => (request) => {
    const milliseconds = totalMs + uploadMs(request); // a slow upload that moves is not cut
    const endsAt = clock.now() + milliseconds;
    const details = { origin, phase: "total", milliseconds } as const;
    return sendWithin(clock, details, request, async (bounded) => {
      const outcome = await attempts(settings, next, bounded, endsAt);
      if ("error" in outcome) throw outcome.error;
      return outcome.response;
    });
  };
}

async function attempts(
  settings: TransportSettings,
  next: Send,
  request: RegistryRequest,
  endsAt: number,
): Promise<Outcome> {
  const { clock, random, retry } = settings;
  let last: Outcome | undefined;
  let hasWaited = false;
  for (let attempt = 1;; attempt++) {
    await keepQuiet(settings, request.signal);
    const outcome = await attemptOnce(next, request);
    const now = clock.now();
    if (last && "error" in outcome && isTidegateError(outcome.error, "CIRCUIT_OPEN")) {
      const wait = outcome.error.details.retryAt - now;
      const isLong = wait > PROBE_WAIT_MS;
      // what opened the circuit says more than that it is open
      if (isLong && hasWaited || now + wait >= endsAt) return last;
      hasWaited ||= isLong;
      await clock.sleep(wait + random.float() * retry.baseMs, request.signal);
      attempt--; // nothing was sent
      continue;
    }
    const delay = planRetry(request, outcome, attempt, retry, now, random.float());
    if (delay === undefined || now + delay >= endsAt) return outcome;
    prepareRetry(settings, request, outcome, attempt, delay);
    last = withoutBody(outcome);
    await clock.sleep(delay, request.signal);
  }
}

async function attemptOnce(next: Send, request: RegistryRequest): Promise<Outcome> {
  try {
    return { response: await next(request) };
  } catch (error) {
    return { error };
  }
}

/**
 * Wait out the time in which some request was told that the whole host wants no requests: no longer
 * than a request may take that has no body, for nothing of this one's is sent meanwhile.
 */
async function keepQuiet(
  { clock, random, retry, state, timeouts: { totalMs: milliseconds }, upstream: { origin } }:
    TransportSettings,
  signal?: AbortSignal,
): Promise<void> {
  const latest = clock.now() + milliseconds;
  for (;;) { // another request may be told to wait longer meanwhile
    const now = clock.now();
    const until = state.quietUntil.get(origin) ?? 0;
    if (until <= now) return void state.quietUntil.delete(origin);
    if (latest <= now) throw tookLong({ origin, phase: "total", milliseconds });
    await clock.sleep(Math.min(until + random.float() * retry.baseMs, latest) - now, signal);
  }
}

function prepareRetry(
  { clock, observer, state, upstream }: TransportSettings,
  request: RegistryRequest,
  outcome: Outcome,
  attempt: number,
  delayMs: number,
): void {
  const facts = requestFacts(upstream, request);
  const reason = reasonOf(outcome);
  observe(observer, { type: "request.retried", ...facts, attempt, delayMs, reason });
  if (!("response" in outcome)) return;
  discard(outcome.response, clock);
  const { status } = outcome.response;
  if (status !== 429 && status !== 503) return;
  const until = retryAfter(outcome, clock.now()) ?? clock.now() + delayMs;
  const known = state.quietUntil.get(upstream.origin) ?? 0;
  state.quietUntil.set(upstream.origin, Math.max(until, known));
}

function reasonOf(outcome: Outcome): number | ErrorCode {
  if ("response" in outcome) return outcome.response.status;
  return isTidegateError(outcome.error) ? outcome.error.code : "NETWORK_ERROR";
}

/** A discarded answer as it may still be returned: its head. */
function withoutBody(outcome: Outcome): Outcome {
  if (!("response" in outcome)) return outcome;
  return { response: { ...outcome.response, body: null, release: () => {} } };
}
