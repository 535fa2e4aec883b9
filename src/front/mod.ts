/**
 * The front door: a registry API before other registries that verifies every byte it passes on.
 *
 * In: a request of a registry client. Out: the answer, verified. Next: the client.
 * @module
 */
export type { CheckpointStore } from "./checkpoints.ts";
export { type ExecutionContextLike, type FrontDoor, type FrontDoorOptions } from "./options.ts";
export { createFrontDoor } from "./front_door.ts";
