import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type HttpServer, type HttpServerOptions, listenHttp } from "../../src/serve/mod.ts";
import { exchangeRaw, openRaw, parseAnswer } from "../support/raw_http_node.ts";
import { until } from "../support/served_door_node.ts";

const TIMEOUTS = { headersMs: 600, idleMs: 600, bodyMs: 600, lingerMs: 200 };
const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
let server: HttpServer | undefined;
const sockets: Socket[] = [];

async function open(
  handle: (request: Request) => Response | Promise<Response>,
  options: HttpServerOptions = {},
): Promise<number> {
  server = await listenHttp(async (request) => await handle(request), {
    timeouts: TIMEOUTS,
    ...options,
  });
  return server.port;
}

async function connect(port: number, bytes: string): Promise<Socket> {
  const socket = await openRaw(port, bytes);
  socket.removeAllListeners("error").on("error", () => {});
  sockets.push(socket);
  return socket;
}

/** Milliseconds until the other side ends the connection. */
function lifeOf(socket: Socket): Promise<number> {
  const startedAt = Date.now();
  socket.resume();
  return new Promise((resolve) => socket.once("close", () => resolve(Date.now() - startedAt)));
}

/** Sends a byte now and then. */
function drip(socket: Socket, byte: string, everyMs: number): void {
  const timer = setInterval(() => socket.writable ? socket.write(byte) : undefined, everyMs);
  socket.once("close", () => clearInterval(timer));
}

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server?.close(0);
});

describe("a caller that takes its time", () => {
  it("with the head of a request is cut off, however it drips", async () => {
    const port = await open(() => new Response("x"));
    const silent = await connect(port, "");
    const half = await connect(port, "GET / HTTP/1.1\r\nHost: a\r\nX-A: ");
    const dripping = await connect(port, "GET / HTTP/1.1\r\nHost: a\r\nX-A: ");
    drip(dripping, "a", 100);
    for (const life of await Promise.all([silent, half, dripping].map(lifeOf))) {
      expect(life).toBeLessThan(4_000);
    }
  });

  it("between requests is cut off", async () => {
    const port = await open(() => new Response("x"));
    const idle = await connect(port, GET);
    expect(await lifeOf(idle)).toBeLessThan(5_000);
  });

  it("with a body is cut off, however it drips", async () => {
    let failure: unknown;
    const port = await open(async (request) => {
      await request.arrayBuffer().catch((error) => failure = error);
      return new Response("x", { status: 408 });
    });
    const head = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n";
    const dripping = await connect(port, head);
    drip(dripping, "a", 50);
    expect(await lifeOf(dripping)).toBeLessThan(4_000);
    expect(failure).toBeDefined();
  });

  it("to take an answer is cut off, and the answer's source told", async () => {
    let cancelled = false;
    const body = (): ReadableStream<Uint8Array> =>
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(256 * 1024)),
        cancel: () => void (cancelled = true),
      });
    const port = await open(() => new Response(body()));
    const deaf = await connect(port, GET);
    deaf.pause();
    await until(() => cancelled, 10_000);
    expect(cancelled).toBe(true);
  });
});

describe("a body", () => {
  it("of an answer whose caller has gone already is given up", async () => {
    let isCancelled = false;
    const port = await open(async ({ signal }) => {
      await until(() => signal.aborted, 5_000);
      return new Response(
        new ReadableStream({
          pull: () => new Promise(() => {}),
          cancel: () => void (isCancelled = true),
        }),
      );
    });
    (await connect(port, GET)).destroy();
    await until(() => isCancelled, 5_000);
    expect(isCancelled).toBe(true);
  });

  it("that comes unasked behind the head of its answer is read", async () => {
    const port = await open((request) =>
      new Response(
        new ReadableStream({
          async pull(controller): Promise<void> {
            controller.enqueue(new TextEncoder().encode("begun"));
            await new Promise((resolve) => setTimeout(resolve, 50));
            controller.enqueue(new Uint8Array(await request.arrayBuffer()));
            controller.close();
          },
        }, { highWaterMark: 0 }),
      )
    );
    const head = "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    const socket = await connect(port, head);
    let answer = "";
    socket.on("data", (chunk) => {
      if (answer === "") socket.write("12345");
      answer += String(chunk);
    });
    await until(() => socket.destroyed || answer.endsWith("\r\n0\r\n\r\n"), 5_000);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).not.toContain("100 Continue");
    expect(answer).toContain("12345");
  });
});

describe("an answer that does not keep its length", () => {
  const answer = (length: number, bytes: number): () => Response => () =>
    new Response(
      new ReadableStream({
        start(controller): void {
          controller.enqueue(new Uint8Array(bytes));
          controller.close();
        },
      }),
      { headers: { "content-length": String(length) } },
    );

  it.each([[100, 99], [100, 0], [100_000, 99_999]])(
    "%i with %i bytes breaks",
    async (length, bytes) => {
      const port = await open(answer(length, bytes));
      const raw = await exchangeRaw(port, GET);
      expect(parseAnswer(raw).isComplete).toBe(false);
      expect(raw.end).not.toBe("silent");
    },
  );

  it.each([[99, 100], [0, 1]])("%i with %i bytes breaks, too", async (length, bytes) => {
    const port = await open(answer(length, bytes));
    const { status, isComplete } = parseAnswer(await exchangeRaw(port, GET));
    expect(status === 200 && isComplete).toBe(false);
  });
});

describe("an answer whose source fails", () => {
  const failing = (after: number): () => Response => () => {
    let left = after;
    return new Response(
      new ReadableStream({
        pull(controller): void {
          if (left-- > 0) controller.enqueue(new Uint8Array(50_000));
          else controller.error(new TypeError("the secret reason"));
        },
      }),
    );
  };

  it.each([0, 1, 20])("after %i chunks breaks, and says nothing of it", async (after) => {
    const port = await open(failing(after));
    const raw = await exchangeRaw(port, GET);
    expect(parseAnswer(raw).isComplete).toBe(false);
    expect(new TextDecoder().decode(raw.bytes)).not.toMatch(/secret|boom|error/i);
  });

  it("by a handler that rejects breaks without a byte", async () => {
    const port = await open(() => Promise.reject(new TypeError("the secret reason")));
    expect((await exchangeRaw(port, GET)).bytes.length).toBe(0);
  });
});

describe("close()", () => {
  /** A body of 30 chunks, one each 20 ms; tells when some are out. */
  const slow = (onBegun: () => void): Response => {
    let left = 30;
    return new Response(
      new ReadableStream({
        async pull(controller): Promise<void> {
          await new Promise((resolve) => setTimeout(resolve, 20));
          if (left === 27) onBegun();
          if (left-- > 0) controller.enqueue(randomBytes(100));
          else controller.close();
        },
      }),
    );
  };

  it("lets open transfers end, and takes no new connections", async () => {
    const begun = Promise.withResolvers<void>();
    const port = await open(() => slow(begun.resolve));
    const transfer = exchangeRaw(port, GET);
    await begun.promise;
    const closed = server?.close(5_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const late = await exchangeRaw(port, GET);
    expect([late.end, late.bytes.length]).toEqual(["reset", 0]);
    expect(parseAnswer(await transfer).isComplete).toBe(true);
    await closed;
  });

  it("breaks what takes longer than the grace", async () => {
    const begun = Promise.withResolvers<void>();
    const port = await open(() => slow(begun.resolve));
    const transfer = exchangeRaw(port, GET);
    await begun.promise;
    const startedAt = Date.now();
    await server?.close(100);
    expect(Date.now() - startedAt).toBeLessThan(2_000);
    expect(parseAnswer(await transfer).isComplete).toBe(false);
  });

  it("waits for what goes on after an answer", async () => {
    let done = false;
    const gate = Promise.withResolvers<void>();
    const work = async (): Promise<void> => {
      await gate.promise;
      done = true;
    };
    server = await listenHttp(async (_, context) => {
      context.waitUntil(work());
      return new Response("x");
    });
    await exchangeRaw(server.port, GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
    const closed = server.close(60_000).then(() => done);
    expect(done).toBe(false);
    gate.resolve();
    expect(await closed).toBe(true);
  });

  it("does not wait for idle connections", async () => {
    const port = await open(() => new Response("x"), { timeouts: {} });
    const idle = await connect(port, GET);
    await new Promise((resolve) => idle.once("data", resolve));
    const startedAt = Date.now();
    await server?.close(5_000);
    expect(Date.now() - startedAt).toBeLessThan(1_500);
  });
});
