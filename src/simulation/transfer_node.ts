import { Buffer } from "node:buffer";
import { once } from "node:events";
import { STATUS_CODES } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { deliveredPieces, endsEarly } from "./delivery.ts";
import type { Delivery } from "./delivery.ts";
import { headerOf } from "./reply.ts";
import type { TransferContext } from "./respond.ts";
import { awaitDelivered, unreadBytes } from "./send_queue_node.ts";

/** Write a delivery to a connection: through `node:http`, or byte by byte where that would be too polite. */
export async function transfer(
  delivery: Delivery,
  outgoing: ServerResponse,
  context: TransferContext,
): Promise<void> {
  try {
    context.signal.throwIfAborted();
    const { socket } = outgoing;
    if (socket !== null && delivery.drop !== undefined) {
      await dropConnection(delivery.drop, { socket, request: outgoing.req }, context);
    } else if (socket !== null && isRaw(delivery)) await transferRaw(delivery, socket, context);
    else await transferPolitely(delivery, outgoing, context);
  } catch (error) {
    if (!context.signal.aborted) throw error;
    context.entry.outcome = "cancelled"; // the peer went away
  }
}

/** Whether `node:http` would repair what is meant to be broken. */
function isRaw(delivery: Delivery): boolean {
  if (delivery.framing === "until-close") return true;
  if (delivery.body === undefined) return false;
  const length = headerOf(delivery, "content-length");
  const lies = delivery.framing === "length" && length !== String(delivery.body.size);
  return lies || endsEarly(delivery) !== undefined;
}

async function transferPolitely(
  delivery: Delivery,
  outgoing: ServerResponse,
  { clock, entry, signal }: TransferContext,
): Promise<void> {
  outgoing.writeHead(delivery.status, delivery.headers.flat());
  for await (const piece of deliveredPieces(delivery, clock, signal)) {
    entry.sentBytes += piece.length;
    if (!outgoing.write(piece)) await once(outgoing, "drain", { signal });
  }
  outgoing.end();
  entry.outcome = "complete";
}

async function transferRaw(
  delivery: Delivery,
  socket: Socket,
  context: TransferContext,
): Promise<void> {
  const { clock, entry, signal } = context;
  const isChunked = delivery.framing === "chunked" && delivery.body !== undefined;
  await write(socket, head(delivery, isChunked), signal);
  for await (const piece of deliveredPieces(delivery, clock, signal)) {
    entry.sentBytes += piece.length;
    await write(socket, isChunked ? chunk(piece) : piece, signal);
  }
  const early = endsEarly(delivery);
  if (early === undefined && isChunked) await write(socket, "0\r\n\r\n", signal);
  await endConnection(early?.by ?? "complete", socket, context);
}

/**
 * End a connection on which nothing was answered. While the request is still coming, a plain close
 * would turn into a reset: the bytes that nobody reads are taken from the socket after the FIN.
 */
async function dropConnection(
  how: "close" | "reset" | "stall",
  { socket, request }: { readonly socket: Socket; readonly request: IncomingMessage },
  context: TransferContext,
): Promise<void> {
  if (how !== "close" || request.complete) return await endConnection(how, socket, context);
  context.entry.outcome = how;
  socket.end();
  request.resume();
}

async function endConnection(
  how: "close" | "reset" | "stall" | "complete",
  socket: Socket,
  { clock, entry, signal }: TransferContext,
): Promise<void> {
  entry.outcome = how;
  if (how === "stall") return;
  if (how !== "reset") return socket.destroySoon();
  await awaitDelivered(socket, clock, signal);
  const unread = unreadBytes(socket);
  if (unread !== undefined) entry.unreadBytes = unread;
  socket.resetAndDestroy();
}

function head({ status, headers, framing }: Delivery, isChunked: boolean): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  if (isChunked) lines.push("transfer-encoding: chunked\r\n");
  if (framing === "until-close") lines.push("connection: close\r\n");
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n`;
}

function chunk(piece: Uint8Array): Uint8Array {
  return Buffer.concat([
    Buffer.from(`${piece.length.toString(16)}\r\n`),
    piece,
    Buffer.from("\r\n"),
  ]);
}

/** Resolves when the kernel has the bytes; rejects when the connection is gone. */
function write(socket: Socket, data: string | Uint8Array, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const gone = (): void => reject(signal.reason);
    if (signal.aborted) return gone();
    signal.addEventListener("abort", gone, { once: true });
    socket.write(data, (error) => {
      signal.removeEventListener("abort", gone);
      if (error) reject(error);
      else resolve();
    });
  });
}
