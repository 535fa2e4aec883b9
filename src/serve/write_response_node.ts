import type { ServerResponse } from "node:http";
import { type Clock, withDeadline } from "../core/mod.ts";
import { hasBody } from "./read_request_node.ts";
import { PACE_BYTES } from "./request_body_node.ts";

/** What writing an answer needs. */
export interface ResponseContext {
  readonly clock: Clock;
  /** Aborted when the caller has gone. */
  readonly signal: AbortSignal;
  /** Longest wait for the caller to take {@linkcode PACE_BYTES}, in milliseconds. */
  readonly bodyMs: number;
  /** Longest wait for the rest of a request's body that nobody reads, in milliseconds. */
  readonly lingerMs: number;
  /** Whether the connection is to end with this answer. */
  readonly isLast: boolean;
}

/**
 * Write an answer, as fast as the caller takes it, and end it when its body has ended and is as long
 * as its `Content-Length` said.
 *
 * HTTP/1.0 can tell the end of a body without length only by the connection's end, as it tells a
 * break: such an answer is refused, 505.
 *
 * @throws What the body throws, and when the caller goes or takes nothing. The answer is then not
 * ended: the connection must be broken.
 */
export async function writeResponse(
  response: Response,
  outgoing: ServerResponse,
  context: ResponseContext,
): Promise<void> {
  const { req: incoming } = outgoing;
  const length = lengthOf(response);
  if (response.body !== null && length === undefined && incoming.httpVersionMinor === 0) {
    await response.body.cancel();
    return await writeResponse(new Response(null, { status: 505 }), outgoing, context);
  }
  const isUnread = hasBody(incoming) && !incoming.complete;
  outgoing.statusCode = response.status;
  for (const [name, value] of response.headers) outgoing.setHeader(name, value);
  if (isUnread || context.isLast) outgoing.setHeader("connection", "close");
  if (response.body === null) outgoing.flushHeaders();
  else await writeBody(response.body, length, outgoing, context);
  if (isUnread) await discardRest(outgoing, context);
  outgoing.end();
}

function lengthOf({ headers }: Response): number | undefined {
  const length = headers.get("content-length");
  return length === null ? undefined : Number(length);
}

async function writeBody(
  body: ReadableStream<Uint8Array>,
  length: number | undefined,
  outgoing: ServerResponse,
  context: ResponseContext,
): Promise<void> {
  const { signal } = context;
  const reader = body.getReader();
  const stop = (): void => void reader.cancel(signal.reason).catch(() => {});
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  let written = 0;
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      written += read.value.length;
      if (length !== undefined && written > length) throw wrongLength();
      await writeChunk(read.value, outgoing, context);
    }
    signal.throwIfAborted();
    if (length !== undefined && written < length) throw wrongLength();
  } catch (error) {
    reader.cancel(error).catch(() => {});
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** In pieces, so that each has its deadline. */
async function writeChunk(
  chunk: Uint8Array,
  outgoing: ServerResponse,
  { clock, signal, bodyMs }: ResponseContext,
): Promise<void> {
  for (let at = 0; at < chunk.length; at += PACE_BYTES) {
    signal.throwIfAborted();
    if (outgoing.write(chunk.subarray(at, at + PACE_BYTES))) continue;
    const drained = Promise.withResolvers<void>();
    outgoing.once("drain", drained.resolve);
    try {
      await withDeadline(drained.promise, { origin: "the caller", clock, stallMs: bodyMs, signal });
    } finally {
      outgoing.off("drain", drained.resolve);
    }
  }
}

/**
 * Take what the caller still sends, for a moment. A connection that is closed over unread bytes is
 * reset, and the answer could be lost with it.
 */
async function discardRest(
  { req: incoming }: ServerResponse,
  { clock, lingerMs, signal }: ResponseContext,
): Promise<void> {
  if (incoming.complete) return;
  const ended = Promise.withResolvers<void>();
  incoming.once("close", ended.resolve).once("end", ended.resolve);
  incoming.removeAllListeners("data").on("data", () => {});
  incoming.resume();
  const wait = { origin: "the caller", clock, stallMs: lingerMs, signal };
  await withDeadline(ended.promise, wait).catch(() => {});
}

function wrongLength(): TypeError {
  return new TypeError("The body is not as long as its Content-Length");
}
