import { Buffer } from "node:buffer";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Fetch } from "../core/mod.ts";
import { readResponseHead, type ResponseHead } from "./response_head_node.ts";
import { createSocketBody, type SocketBody } from "./socket_body_node.ts";

/** What one read of the kernel asks for. It is used again and again. */
const READ_BYTES: number = 256 * 1024;
/** Answers without a body, whatever they say of its length (RFC 9110 15.3.5, 15.4.5). */
const BODILESS: readonly number[] = [204, 205, 304];

/** Ports above 1023 that `fetch` blocks (WHATWG Fetch, 2.9): those of telephones, mail, files, chats. */
const OTHERS_PORTS: ReadonlySet<number> = new Set([
  ...[1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566],
  ...[6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080],
]);

/** An answer that is not as plain as it must be. */
const ODD: unique symbol = Symbol("odd");

/**
 * A `fetch` for large bodies: GET alone, over a connection of its own, read into one buffer. Node's
 * own allocates 64 KiB for each read and hands them through four streams, which takes longer than to
 * hash and to write them: a pull takes a third less time with this.
 *
 * It follows no redirect, and decodes nothing. The body of an answer must be read or cancelled, or
 * its connection stays.
 *
 * @param otherwise Is asked for other methods and what `fetch` may refuse; and again where an answer is
 * anything but plain HTTP/1.1 with a length.
 * @returns One that rejects as `fetch` does: with the signal's reason, or a `TypeError` that has the
 * cause.
 */
export function socketFetch(otherwise: Fetch): Fetch {
  return async (request) => {
    if (request.method !== "GET" || !isFit(new URL(request.url))) return await otherwise(request);
    request.signal.throwIfAborted();
    const response = await ask(request);
    return response === ODD ? await otherwise(request) : response;
  };
}

/** Ports of other protocols are `fetch`'s to refuse. */
function isFit({ port }: URL): boolean {
  return port === "" || (Number(port) > 1023 && !OTHERS_PORTS.has(Number(port)));
}

function ask(request: Request): Promise<Response | typeof ODD> {
  const { signal } = request;
  return new Promise((resolve, reject) => {
    let head: Buffer<ArrayBuffer> | undefined = Buffer.alloc(0);
    let body: SocketBody | undefined;
    const take = (chunk: Buffer<ArrayBuffer>): boolean => {
      if (head === undefined) return body?.take(chunk) ?? false;
      head = Buffer.concat([head, chunk]);
      const read = readResponseHead(head);
      if (read === undefined) return true;
      const rest = head.subarray(read === "odd" ? 0 : read.end);
      head = undefined;
      if (read === "odd" || BODILESS.includes(read.status)) {
        leave();
        resolve(ODD);
        return false;
      }
      body = createSocketBody(read.length, { resume: () => void socket.resume(), destroy: leave });
      resolve(responseOf(read, body));
      return body.take(rest);
    };
    const fail = (error: unknown): void => {
      reject(error);
      body?.end(error);
      leave();
    };
    const leave = (): void => {
      signal.removeEventListener("abort", onAbort);
      socket.destroy();
    };
    const onAbort = (): void => {
      body?.abort(signal.reason);
      fail(signal.reason);
    };
    const socket = open(new URL(request.url), take, () => socket.write(headOf(request), "latin1"));
    socket.on("error", (cause) => fail(new TypeError("The connection failed", { cause })));
    socket.on("close", () => fail(new TypeError("The connection closed before the body's end")));
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

function open(
  { protocol, hostname, port }: URL,
  take: (chunk: Buffer<ArrayBuffer>) => boolean,
  ready: () => void,
): Socket {
  const host = hostname.replace(/^\[|\]$/g, "");
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  const onread = { buffer, callback: (bytes: number): boolean => take(buffer.subarray(0, bytes)) };
  const isSecure = protocol === "https:";
  const options = { host, port: Number(port) || (isSecure ? 443 : 80), onread, noDelay: true };
  if (!isSecure) return connectTcp(options, ready);
  const servername = isIP(host) === 0 ? { servername: host } : {};
  return connectTls({ ...options, ...servername, ALPNProtocols: ["http/1.1"] }, ready);
}

/** `Headers` has refused what would be another line. */
function headOf({ url, headers }: Request): string {
  const { host, pathname, search } = new URL(url);
  const own = new Map([["accept", "*/*"], ...headers]);
  const fields = [...own, ["host", host], ["connection", "close"]];
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return `GET ${pathname}${search} HTTP/1.1\r\n${lines}\r\n`;
}

function responseOf({ status, headers }: ResponseHead, { stream }: SocketBody): Response {
  return new Response(stream, { status, headers });
}
