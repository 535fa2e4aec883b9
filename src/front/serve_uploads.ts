import type { Answer } from "./answer.ts";
import type { DoorRequest } from "./door_request.ts";
import { refuse } from "./error_answer.ts";

/** POST that begins an upload, pushes a whole blob or mounts one. */
export function serveUploads(_door: DoorRequest): Promise<Answer> {
  return Promise.resolve(refuse("unsupported", { allow: "" }));
}
