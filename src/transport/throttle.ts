import { createDeadline, type Layer, type RegistryRequest } from "../core/mod.ts";
import { observe } from "../observability/mod.ts";
import { requestPlace } from "./request_facts.ts";
import type { TransportSettings } from "./settings.ts";
import { createSlots, type ReleaseSlot, type Slots } from "./slots.ts";

/**
 * Bound how many requests the upstream gets at once. A slot is held until the body has ended, so
 * that ten layers in flight count as ten; blobs can never take the last slot from a manifest.
 * Uploads have as many slots of their own: a copy within a registry reads what it sends, and would
 * wait for the slots that it keeps.
 *
 * The queue lives in this transport: a Worker makes one per request, and no wait crosses requests.
 *
 * @throws {TidegateError} NETWORK_TIMEOUT with phase `queue` when no slot frees up in time.
 */
export function withThrottle(settings: TransportSettings): Layer {
  const { clock, observer, upstream } = settings;
  const slots = createSlots(settings.throttle);
  const uploads = createSlots(settings.throttle);
  return (next) => async (request) => {
    const askedAt = clock.now();
    const pool = request.kind === "upload" ? uploads : slots;
    const release = await takeSlot(pool, request, settings);
    const milliseconds = clock.now() - askedAt;
    if (milliseconds > 0) {
      const place = requestPlace(upstream, request);
      observe(observer, { type: "request.queued", ...place, milliseconds });
    }
    try {
      const response = await next(request);
      // an aborted request gives its slot back even when its consumer forgets to
      const end = (): void => {
        request.signal?.removeEventListener("abort", end);
        release();
        response.release();
      };
      request.signal?.addEventListener("abort", end, { once: true });
      if (response.body === null) end();
      return { ...response, release: end };
    } catch (error) {
      release();
      throw error;
    }
  };
}

/** Small: everything whose body has a low cap. */
function isSmall({ kind, method }: RegistryRequest): boolean {
  return method === "HEAD" || (kind !== "blob" && kind !== "upload");
}

function takeSlot(
  slots: Slots,
  request: RegistryRequest,
  { clock, throttle: { queueMs }, upstream: { origin } }: TransportSettings,
): Promise<ReleaseSlot> {
  const details = { origin, phase: "queue", milliseconds: queueMs } as const;
  const { signal, dispose } = createDeadline(clock, details, request.signal);
  return new Promise<ReleaseSlot>((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const leave = slots.request(isSmall(request), resolve);
    signal.addEventListener("abort", () => {
      leave();
      reject(signal.reason);
    });
  }).finally(dispose);
}
