import type { Digest } from "../reference/mod.ts";
import type { Answer } from "./answer.ts";
import type { DoorRequest } from "./door_request.ts";
import { refuse } from "./error_answer.ts";

/** DELETE of a manifest or a tag. */
export function serveDeleteManifest(_door: DoorRequest, _reference: string): Promise<Answer> {
  return Promise.resolve(refuse("unsupported", { allow: "GET, HEAD" }));
}

/** DELETE of a blob. */
export function serveDeleteBlob(_door: DoorRequest, _digest: Digest): Promise<Answer> {
  return Promise.resolve(refuse("unsupported", { allow: "GET, HEAD" }));
}
