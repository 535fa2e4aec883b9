/**
 * Ground: errors, limits, bytes and the ports through which the outside is reached.
 *
 * In: nothing. Out: types and small pure functions. Next: every other folder.
 * @module
 */
export * from "./abortable.ts";
export * from "./body.ts";
export * from "./bytes.ts";
export * from "./clock.ts";
export * from "./deadline.ts";
export * from "./errors.ts";
export * from "./fetch.ts";
export * from "./hasher.ts";
export * from "./json.ts";
export * from "./json_reader.ts";
export * from "./limits.ts";
export * from "./match_sequence.ts";
export * from "./origin_not_trusted.ts";
export * from "./profile.ts";
export * from "./random.ts";
export * from "./retry_after.ts";
export * from "./scrub.ts";
export * from "./secret.ts";
export * from "./wire.ts";
