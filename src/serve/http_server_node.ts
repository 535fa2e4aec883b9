import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { type Clock, systemClock } from "../core/mod.ts";
import type { ExecutionContextLike } from "../front/mod.ts";
import { assertKeyPair } from "./assert_key_pair_node.ts";
import { createOpenWork } from "./open_work.ts";
import { readRequest, type RequestContext } from "./read_request_node.ts";
import { type ResponseContext, writeResponse } from "./write_response_node.ts";

/** How long a caller may take, in milliseconds. Between those waits it may take any time. */
export interface HttpTimeouts {
  /** For the head of a request, from the connection's first moment on. Default is 15 s. */
  readonly headersMs: number;
  /** Until the next request of a connection. Default is 60 s. */
  readonly idleMs: number;
  /** For 64 KiB of a body, read or written: slower callers are cut off. Default is 60 s. */
  readonly bodyMs: number;
  /** For the rest of a body that nobody reads, after its answer. Default is 2 s. */
  readonly lingerMs: number;
}

/** What {@linkcode listenHttp} takes besides the handler. All optional. */
export interface HttpServerOptions {
  /** Address to listen on. Default is 127.0.0.1: this host alone. */
  readonly hostname?: string | undefined;
  /** Default is any free port. */
  readonly port?: number | undefined;
  /** Certificates and key, as PEM. Default is plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** Whether a proxy that speaks TLS stands before it: then its own addresses are https. */
  readonly behindTls?: boolean | undefined;
  readonly timeouts?: Partial<HttpTimeouts> | undefined;
  /** Default is the runtime's clock. */
  readonly clock?: Clock | undefined;
}

/** A server that listens. */
export interface HttpServer {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly port: number;
  /**
   * Take no more connections, let open requests end, then break what is left. Resolves when nothing
   * is left running.
   *
   * @param graceMs How long open requests may take, in milliseconds. Default is 10,000.
   */
  close(graceMs?: number): Promise<void>;
}

/** Answers a request. A rejection breaks the connection. */
export type HttpHandler = (request: Request, context: ExecutionContextLike) => Promise<Response>;

const TIMEOUTS: HttpTimeouts = {
  headersMs: 15_000,
  idleMs: 60_000,
  bodyMs: 60_000,
  lingerMs: 2_000,
};

/**
 * Serve HTTP/1.1 by `node:http`, which Node, Deno and Bun all have, and all in the same way.
 *
 * An answer whose body fails never looks complete: its connection breaks before the last chunk, or
 * short of its `Content-Length`. A caller that goes away aborts the request's signal.
 *
 * @throws {TidegateError} CONFIGURATION for a certificate or key that is none, or that do not belong
 * together.
 * @throws {Error} What `listen` says: EADDRINUSE, EACCES.
 */
export async function listenHttp(
  handle: HttpHandler,
  options: HttpServerOptions = {},
): Promise<HttpServer> {
  const { hostname = "127.0.0.1", port = 0, tls, behindTls = false, clock = systemClock } = options;
  if (tls !== undefined) assertKeyPair(tls);
  const timeouts = { ...TIMEOUTS, ...options.timeouts };
  const server = createHttpServer(timeouts, tls);
  const work = createOpenWork(clock);
  const scheme = tls === undefined ? "http" : "https";
  const context = { ...timeouts, clock, work, handle, scheme: behindTls ? "https" : scheme };
  const serve = (incoming: IncomingMessage, outgoing: ServerResponse): void =>
    work.add(exchange(incoming, outgoing, context));
  server.on("request", serve);
  server.on("checkContinue", serve); // whoever reads the body asks for it
  server.listen(port, hostname);
  await once(server, "listening");
  const address = server.address() as AddressInfo;
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return {
    url: `${scheme}://${host}:${address.port}`,
    port: address.port,
    close: (graceMs = 10_000) => close(server, work, graceMs),
  };
}

type Work = ReturnType<typeof createOpenWork>;

interface ServerContext extends RequestContext, Omit<ResponseContext, "signal" | "isLast"> {
  readonly work: Work;
  readonly handle: HttpHandler;
}

function createHttpServer(
  { headersMs, idleMs }: HttpTimeouts,
  tls: HttpServerOptions["tls"],
): Server {
  const options: ServerOptions = {
    headersTimeout: headersMs,
    requestTimeout: 0, // a body may be a layer: its pace is watched where it is read
    keepAliveTimeout: idleMs,
    connectionsCheckingInterval: Math.min(1000, headersMs),
  };
  return tls === undefined
    ? createServer(options)
    : createTlsServer({ ...options, ...tls, handshakeTimeout: headersMs });
}

async function exchange(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  context: ServerContext,
): Promise<void> {
  const { work, handle } = context;
  const gone = new AbortController();
  for (const side of [incoming, outgoing]) side.on("error", () => {}); // `close` follows
  outgoing.once("close", () => outgoing.writableFinished || gone.abort(callerLeft()));
  const request = readRequest(incoming, outgoing, gone.signal, context);
  // a runtime may let the request's own signal go with the request: it is held until the end
  const leave = work.enter(request, (reason) => gone.abort(reason));
  try {
    const isRefused = typeof request === "number";
    const response = isRefused
      ? new Response(null, { status: request })
      : await handle(request, { waitUntil: work.add });
    const isLast = isRefused || work.isClosing();
    await writeResponse(response, outgoing, { ...context, signal: gone.signal, isLast });
  } catch {
    outgoing.destroy(); // the one way to say that an answer is not whole
  } finally {
    leave();
  }
}

function callerLeft(): DOMException {
  return new DOMException("The caller has gone", "AbortError");
}

async function close(server: Server, work: Work, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  await work.end(graceMs);
  server.closeAllConnections();
  await closed;
}
