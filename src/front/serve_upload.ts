import type { Answer } from "./answer.ts";
import type { DoorRequest } from "./door_request.ts";
import { refuse } from "./error_answer.ts";

/**
 * A request within an upload: PATCH, PUT, GET, HEAD or DELETE.
 *
 * @param session Last part of the upload's path, as the door itself wrote it.
 */
export function serveUpload(_door: DoorRequest, _session: string): Promise<Answer> {
  return Promise.resolve(refuse("unsupported", { allow: "" }));
}
