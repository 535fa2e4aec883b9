/**
 * The way to a registry and back: layers around `fetch`, one concern each.
 *
 * In: a `RegistryRequest`. Out: a `RegistryResponse` whose body is the runtime's own. Next: `client/`.
 * @module
 */
export { createTransport, stack } from "./stack.ts";
export { createTransportState } from "./state.ts";
export type { BreakerRecord, TransportState } from "./state.ts";
export type { TransportOptions } from "./options.ts";
export type { ThrottleSettings, TimeoutSettings } from "./settings.ts";
export type { BreakerSettings } from "./breaker_state.ts";
export type { RetrySettings } from "./retry_plan.ts";
export type { SlotLimits } from "./slots.ts";
export { discard } from "./discard.ts";
export { isNodesFetch } from "./streamed_bytes_node.ts";
export { isRuntime } from "./runtime_name.ts";
export { askOrigin, type OriginPolicy } from "./origin.ts";
export { type RateLimitFacts, readRateLimit } from "./rate_limit.ts";
