import type { Answer } from "./answer.ts";
import type { DoorRequest } from "./door_request.ts";
import { refuse } from "./error_answer.ts";

/** PUT of a manifest. */
export function servePushManifest(_door: DoorRequest, _reference: string): Promise<Answer> {
  return Promise.resolve(refuse("unsupported", { allow: "GET, HEAD" }));
}
