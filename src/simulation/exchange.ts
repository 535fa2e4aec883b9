import type { Clock } from "../core/mod.ts";
import { applyFault, resolvePosition } from "./apply_fault.ts";
import { planDelivery } from "./delivery.ts";
import type { Delivery } from "./delivery.ts";
import type { FaultAction } from "./fault.ts";
import type { SimulatedHost } from "./host.ts";
import type { Reply, SimulatedRequest } from "./reply.ts";
import { bytesBody, drainBody, readBody, RequestCut, watchBody } from "./request_body.ts";
import type { BodyWatch } from "./request_body.ts";
import type { LoggedRequest } from "./request_log.ts";
import type { SeededRandom } from "./seeded_random.ts";

/** A host's answer, ready to be delivered, and the log's entry to keep up to date meanwhile. */
export interface Exchanged {
  readonly delivery: Delivery;
  readonly entry: LoggedRequest;
}

/** What one exchange needs besides host and request. */
export interface ExchangeContext {
  readonly actions: readonly FaultAction[];
  readonly entry: LoggedRequest;
  /** Called with each piece of the request's body that arrives. */
  readonly seen: (piece: Uint8Array) => void;
  readonly clock: Clock;
  readonly random: SeededRandom;
}

/**
 * Let a host answer with the faults that are due. What the host leaves of the body is read to its
 * end, so that the log has all of it.
 *
 * @throws What the request's body throws when the sender breaks it; the entry is `cancelled` then.
 */
export async function exchangeWith(
  host: SimulatedHost,
  request: SimulatedRequest,
  context: ExchangeContext,
): Promise<Exchanged> {
  const { entry } = context;
  try {
    const reply = await faultyReply(host, request, context);
    const delivery = planDelivery(reply, request.method);
    entry.status = delivery.drop === undefined ? delivery.status : 0;
    return { delivery, entry };
  } catch (error) {
    entry.outcome = "cancelled";
    throw error;
  }
}

/** What the host says, changed by the faults in their order. After an `answer` the host is not asked. */
async function faultyReply(
  host: SimulatedHost,
  request: SimulatedRequest,
  context: ExchangeContext,
): Promise<Reply> {
  const { actions, clock, random } = context;
  const unseen = actions.find((action) => action.kind === "drop" && action.unseen);
  if (unseen?.kind === "drop") return { status: 500, headers: [], drop: unseen.by };
  const reply = await askHost(host, request, context);
  if (reply instanceof RequestCut) return { status: 500, headers: [], drop: reply.by };
  const facts = { now: clock.now(), random };
  return actions.reduce((changed, action) => applyFault(changed, action, facts), reply);
}

/** Stands until the `answer` fault is applied. */
const REPLACED: Reply = { status: 500, headers: [] };

async function askHost(
  host: SimulatedHost,
  request: SimulatedRequest,
  { actions, clock, random, seen }: ExchangeContext,
): Promise<Reply | RequestCut> {
  const answer = actions.find((action) => action.kind === "answer");
  if (answer?.kind === "answer" && answer.early) return REPLACED;
  const whole = await withKnownSize(request, actions);
  const watch: BodyWatch = {
    seen,
    cut: cutOf(whole, actions, random),
    holdMs: holdOf(actions),
    clock,
  };
  const body = watchBody(whole.body, watch);
  try {
    const reply = answer === undefined ? await host.handle({ ...request, body }) : REPLACED;
    await drainBody(body);
    return reply;
  } catch (error) {
    if (error instanceof RequestCut) return error;
    throw error;
  }
}

/** A body of which nobody said how long it is must be here before a place is counted from its end. */
async function withKnownSize(
  request: SimulatedRequest,
  actions: readonly FaultAction[],
): Promise<Pick<SimulatedRequest, "body"> & { readonly size: number }> {
  const declared = request.headers.get("content-length");
  const isCounted = actions.some((action) =>
    action.kind === "cut-request" && (action.at === "random" || action.at < 0)
  );
  if (declared !== null || !isCounted) return { body: request.body, size: Number(declared ?? 0) };
  const bytes = await readBody(request.body, Infinity) ?? new Uint8Array(0);
  return { body: bytesBody(bytes), size: bytes.length };
}

function cutOf(
  { size }: { readonly size: number },
  actions: readonly FaultAction[],
  random: SeededRandom,
): BodyWatch["cut"] {
  const action = actions.find(({ kind }) => kind === "cut-request");
  if (action?.kind !== "cut-request") return undefined;
  return { at: resolvePosition(action.at, size, random), by: action.by };
}

function holdOf(actions: readonly FaultAction[]): number {
  return actions.reduce(
    (sum, action) => action.kind === "delay" && action.before === "commit" ? sum + action.ms : sum,
    0,
  );
}
