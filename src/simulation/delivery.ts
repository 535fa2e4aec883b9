import type { Clock } from "../core/mod.ts";
import type { Content } from "./content.ts";
import { headerOf } from "./reply.ts";
import type { EarlyEnd, HeaderList, Pace, Reply } from "./reply.ts";

/** Largest piece of a body handed on at once. */
export const PIECE_BYTES: number = 64 * 1024;

/** A reply made ready for a connection: what a driver has to write, and how it ends. */
export interface Delivery {
  readonly status: number;
  readonly headers: HeaderList;
  /** Absent: no body follows (HEAD, 204, 304, or none). */
  readonly body: Content | undefined;
  readonly framing: "length" | "chunked" | "until-close";
  readonly early: EarlyEnd | undefined;
  /** Nothing is answered at all. */
  readonly drop: "close" | "reset" | "stall" | undefined;
  readonly pace: Pace | undefined;
  readonly delayMs: number;
}

const BODILESS = new Set([204, 205, 304]);

/** Work out framing headers and whether a body follows (RFC 9112, 6.3). */
export function planDelivery(reply: Reply, method: string): Delivery {
  const { status, headers, framing = "length", early, drop, pace, delayMs = 0 } = reply;
  const isBodiless = BODILESS.has(status);
  const body = method === "HEAD" || isBodiless ? undefined : reply.body;
  const given = headerOf(reply, "content-length");
  const plan = { status, headers, body, framing, drop, pace, delayMs };
  if (framing !== "length" || isBodiless) return { ...plan, early };
  if (given === undefined) {
    const length = String(reply.body?.size ?? 0);
    return { ...plan, headers: [...headers, ["content-length", length]], early };
  }
  return { ...plan, early: early ?? shortfall(body, Number(given)) };
}

/** A body shorter than its `Content-Length` is a connection that closes too early. */
function shortfall(body: Content | undefined, declared: number): EarlyEnd | undefined {
  if (body === undefined || !(declared > body.size)) return undefined;
  return { at: body.size, by: "close", isShort: true };
}

/**
 * The pieces of a body up to where it ends. A stall that goes on is waited out; the driver deals
 * with every other early end after the last piece.
 */
export async function* deliveredPieces(
  { body, early, pace }: Delivery,
  clock: Clock,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  if (body === undefined) return;
  const stop = Math.min(body.size, early?.at ?? Infinity);
  const resumes = early?.by === "stall" && early.resumeAfterMs !== undefined;
  const end = resumes ? body.size : stop;
  const largest = Math.min(PIECE_BYTES, pace?.bytes ?? PIECE_BYTES);
  for (let at = 0; at < end;) {
    if (resumes && at === stop) await clock.sleep(early.resumeAfterMs ?? 0, signal);
    const next = Math.min(at + largest, at < stop ? stop : end);
    yield body.read(at, next);
    at = next;
    if (pace !== undefined && at < end) await clock.sleep(pace.everyMs, signal);
  }
}

/** Whether a transfer ends before it should, after its last piece. */
export function endsEarly({ early, body, framing }: Delivery): EarlyEnd | undefined {
  if (early === undefined || body === undefined) return undefined;
  const isWhole = early.at >= body.size && framing === "length" && !early.isShort;
  if (isWhole) return undefined;
  return early.by === "stall" && early.resumeAfterMs !== undefined ? undefined : early;
}
