import { answerReply } from "./answer.ts";
import { flipBit, generatedContent, joinContents, sliceContent } from "./content.ts";
import type { Content } from "./content.ts";
import type { FaultAction, Place, Position } from "./fault.ts";
import { headerOf, withHeaders } from "./reply.ts";
import type { Reply } from "./reply.ts";
import type { SeededRandom } from "./seeded_random.ts";

/** What faults need besides the reply. */
export interface FaultContext {
  readonly now: number;
  readonly random: SeededRandom;
}

/** The reply after one fault. A place outside the body leaves it alone. */
export function applyFault(reply: Reply, action: FaultAction, context: FaultContext): Reply {
  switch (action.kind) {
    case "cut":
    case "stall":
      return breakOff(reply, action, context);
    case "drop":
      return { ...reply, drop: action.by };
    case "frame":
      return { ...withHeaders(reply, { "content-length": undefined }), framing: action.by };
    case "cut-request":
      return reply; // the request's body was cut before there was a reply
    case "delay":
      if (action.before === "commit") return reply;
      return { ...reply, delayMs: (reply.delayMs ?? 0) + action.ms };
    case "pace":
      return { ...reply, pace: { bytes: action.bytes, everyMs: action.everyMs } };
    case "headers":
      return withHeaders(reply, action.set);
    case "answer":
      return answerReply(action, context.now);
    default:
      return reply.body === undefined
        ? reply
        : { ...reply, body: changeBody(reply, reply.body, action, context) };
  }
}

function breakOff(
  reply: Reply,
  action: Extract<FaultAction, { kind: "cut" | "stall" }>,
  { random }: FaultContext,
): Reply {
  const at = placeInBody(reply, { within: "body", ...action }, random);
  if (at === undefined) return reply;
  if (action.kind === "cut") return { ...reply, early: { at, by: action.by } };
  const { resumeAfterMs } = action;
  const early = { at, by: "stall", ...(resumeAfterMs !== undefined && { resumeAfterMs }) } as const;
  return { ...reply, early };
}

type BodyAction = Extract<
  FaultAction,
  { kind: "flip" | "truncate" | "lengthen" | "duplicate" | "replace" }
>;

function changeBody(
  reply: Reply,
  body: Content,
  action: BodyAction,
  { random }: FaultContext,
): Content {
  const seed = Math.floor(random() * 2 ** 32);
  if (action.kind === "replace") return generatedContent(seed, body.size);
  if (action.kind === "lengthen") {
    return joinContents([body, generatedContent(seed, action.bytes)]);
  }
  const within = action.kind === "truncate" ? "body" : "blob";
  const at = placeInBody(reply, { within, ...action }, random);
  if (at === undefined) return body;
  if (action.kind === "truncate") return sliceContent(body, 0, at);
  if (action.kind === "flip") return flipBit(body, at, action.bit);
  return duplicate(body, at, action.bytes);
}

function duplicate(body: Content, at: number, bytes: number): Content {
  const again = joinContents([
    sliceContent(body, 0, at),
    sliceContent(body, Math.max(0, at - bytes), at),
    sliceContent(body, at, body.size),
  ]);
  return sliceContent(again, 0, body.size);
}

/** A place as an offset into the body, or undefined when it is outside. */
function placeInBody(
  reply: Reply,
  { at, within }: Place,
  random: SeededRandom,
): number | undefined {
  const size = reply.body?.size ?? 0;
  const [, start = "0", total = String(size)] = within === "blob"
    ? /^bytes (\d+)-\d+\/(\d+)$/.exec(headerOf(reply, "content-range") ?? "") ?? []
    : [];
  const offset = resolvePosition(at, Number(total), random) - Number(start);
  return offset >= 0 && offset <= size ? offset : undefined;
}

/** A {@linkcode Position} as an offset into so many bytes. */
export function resolvePosition(at: Position, size: number, random: SeededRandom): number {
  if (at === "random") return Math.floor(random() * size);
  return at < 0 ? size + at : at;
}
