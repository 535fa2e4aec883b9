import type { Send } from "../core/mod.ts";
import type { Target } from "../distribution/mod.ts";
import type { Identity } from "./identity.ts";
import type { Selection } from "./routing.ts";
import type { DoorServices } from "./services.ts";

/** One request for a repository that the caller has the right for, on its way to the upstream. */
export interface DoorRequest {
  readonly request: Request;
  readonly url: URL;
  /** Who asks. */
  readonly identity: Identity;
  /** The repository as the door's path spells it. */
  readonly name: string;
  readonly selection: Selection;
  /** The upstream's origin and name of the repository. */
  readonly target: Target;
  /** The way to the upstream, made for this request alone. */
  readonly send: Send;
  readonly services: DoorServices;
  /** Keep the request alive for work that goes on after the answer's head. */
  defer(work: Promise<unknown>): void;
}
