import type { Clock } from "../core/mod.ts";
import { sliceContent } from "./content.ts";
import { deliveredPieces, endsEarly } from "./delivery.ts";
import type { Delivery } from "./delivery.ts";
import type { LoggedRequest } from "./request_log.ts";

/** What driving one transfer needs. */
export interface TransferContext {
  readonly clock: Clock;
  readonly entry: LoggedRequest;
  readonly signal: AbortSignal;
}

/**
 * A delivery as a `Response`. An early end is an error of the body's stream: what a platform's
 * `fetch` makes of a broken connection.
 */
export function toResponse(delivery: Delivery, url: string, context: TransferContext): Response {
  const body = delivery.body === undefined ? null : bodyStream(cutToLength(delivery), context);
  if (body === null) context.entry.outcome = "complete";
  const response = new Response(body, {
    status: delivery.status,
    headers: delivery.headers.map(([name, value]): [string, string] => [name, value]),
  });
  Object.defineProperty(response, "url", { value: url, configurable: true });
  return response;
}

/** What exceeds `Content-Length` is never seen by the reader of an HTTP/1.1 message. */
function cutToLength(delivery: Delivery): Delivery {
  const { body, headers, framing } = delivery;
  const declared = headers.find(([name]) => name.toLowerCase() === "content-length")?.[1];
  if (body === undefined || framing !== "length" || !(Number(declared) < body.size)) {
    return delivery;
  }
  return { ...delivery, body: sliceContent(body, 0, Number(declared)) };
}

function bodyStream(delivery: Delivery, context: TransferContext): ReadableStream<Uint8Array> {
  const { entry, clock, signal } = context;
  const pieces = deliveredPieces(delivery, clock, signal);
  return new ReadableStream({
    type: "bytes",
    start(controller): void {
      signal.addEventListener("abort", () => {
        if (entry.outcome !== "open") return;
        entry.outcome = "cancelled";
        controller.error(signal.reason);
      }, { once: true });
    },
    async pull(controller): Promise<void> {
      const { done, value } = await pieces.next();
      if (entry.outcome !== "open") return;
      if (done) return await finish(delivery, controller, context);
      entry.sentBytes += value.length;
      controller.enqueue(value);
    },
    cancel(): void {
      entry.outcome = "cancelled";
      pieces.return(undefined).catch(() => {}); // not awaited: it may be waiting out a stall
    },
  });
}

async function finish(
  delivery: Delivery,
  controller: ReadableByteStreamController,
  { entry, signal }: TransferContext,
): Promise<void> {
  const early = endsEarly(delivery);
  if (early === undefined) {
    entry.outcome = "complete";
    controller.close();
    controller.byobRequest?.respond(0); // a pending BYOB read ends only when it is answered
    return;
  }
  entry.outcome = early.by;
  if (early.by === "stall") return await aborted(signal, controller);
  // a close where the end of the body is the end of the connection is no error
  if (early.by === "close" && delivery.framing === "until-close") {
    controller.close();
    controller.byobRequest?.respond(0);
  } else controller.error(new TypeError(`The connection was ${BROKEN[early.by]}`));
}

/** The failure of a request that is never answered. */
export function unanswered(
  how: "close" | "reset" | "stall",
  { entry, signal }: TransferContext,
): Promise<never> {
  entry.outcome = how;
  if (how !== "stall") return Promise.reject(new TypeError(`The connection was ${BROKEN[how]}`));
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

const BROKEN = { close: "closed before the body ended", reset: "reset" } as const;

function aborted(signal: AbortSignal, controller: ReadableByteStreamController): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => {
      controller.error(signal.reason);
      resolve();
    }, { once: true });
  });
}
