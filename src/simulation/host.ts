import type { Reply, SimulatedRequest } from "./reply.ts";
import type { LoggedRequest } from "./request_log.ts";

/** Anything that answers at an origin. */
export interface SimulatedHost {
  readonly kind: LoggedRequest["kind"];
  readonly origin: string;
  /** Where it is reached: the origin, or a loopback address while it is served over HTTP. */
  address: string;
  /** Answer a request. The simulation calls it. Rejects when the request's body breaks. */
  handle(request: SimulatedRequest): Reply | Promise<Reply>;
}
