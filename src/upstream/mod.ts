/**
 * Which registry is where, what is peculiar about it, and which other origins it may name.
 *
 * In: a host, or a URL that a registry named. Out: an `Upstream`, or a decision. Next: `transport`.
 * @module
 */
export * from "./decide_origin.ts";
export { classifyHost, type HostClass, isLoopbackHost } from "./host_class.ts";
export { isPublicOrigin, tryParseOrigin } from "./origin.ts";
export * from "./profiles.ts";
export * from "./resolve_upstream.ts";
