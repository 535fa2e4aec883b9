import type { Clock } from "../core/mod.ts";
import { answerReply } from "./answer.ts";
import type { AnswerInit } from "./answer.ts";
import type { Reply, SimulatedRequest } from "./reply.ts";

/** What a trap answers: always the same, or by the request. */
export type TrapAnswer = AnswerInit | ((request: SimulatedRequest) => AnswerInit);

/**
 * A hostile host: records whatever reaches it (in the simulation's log) and answers whatever it is
 * told. Stands in as realm, redirect target, `Link`, `Location` or foreign layer.
 */
export interface SimulatedTrap {
  readonly kind: "trap";
  /** `*` for the trap of every other host; the log has the URL that was asked. */
  readonly origin: string;
  /** Where it is reached: the origin, or a loopback address while it is served over HTTP. */
  address: string;
  /** Change the answer, from the next request on. */
  answer(answer: TrapAnswer): void;
  handle(request: SimulatedRequest): Reply;
}

/** Create a trap. Default answer is 404 with no body. */
export function createTrap(
  origin: string,
  { clock, answer = { status: 404, body: "" } }: { clock: Clock; answer?: TrapAnswer | undefined },
): SimulatedTrap {
  let current = answer;
  return {
    kind: "trap",
    origin,
    address: origin,
    answer(next): void {
      current = next;
    },
    handle(request): Reply {
      const init = typeof current === "function" ? current(request) : current;
      return answerReply(init, clock.now());
    },
  };
}
