import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { concatBytes, decodeUtf8 } from "../../src/core/mod.ts";
import {
  bytesContent,
  createSimulation,
  type Exchanged,
  type LoggedRequest,
  type SimulatedHost,
  type SimulatedRequest,
} from "../../src/simulation/mod.ts";
import { type ServedHost, serveSimulation } from "../../src/simulation/serve_node.ts";
import { HEAD, readHead, type RelayedAnswer, type RelayedRequest, writeHead } from "./relay.ts";

/** A relay that listens. */
export interface Relay {
  readonly origin: string;
  close(): Promise<void>;
}

/** Start what listens for tests that cannot: see `relay.ts`. */
export async function startRelay(): Promise<Relay> {
  const desk = createDesk();
  const server = createServer((request, response) => {
    desk.handle(request, response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close(): Promise<void> {
      await desk.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

type Verb = (id: number, request: IncomingMessage, response: ServerResponse) => Promise<unknown>;

interface Desk {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  close(): Promise<void>;
}

function createDesk(): Desk {
  const worlds = new Map<number, RelayedWorld>();
  const calls = new Map<number, Call>();
  const shut = async (id: number): Promise<object> => {
    const world = worlds.get(id);
    worlds.delete(id);
    await world?.close();
    return {};
  };
  const settle = (id: number): Call | undefined => {
    const call = calls.get(id);
    calls.delete(id);
    return call;
  };
  const verbs: Readonly<Record<string, Verb>> = {
    async open(_, request): Promise<unknown> {
      const world = await openWorld(Number(decodeUtf8(await bytesOf(request))), calls);
      worlds.set(world.id, world);
      return { world: world.id, urls: world.urls };
    },
    async next(id, _, response): Promise<undefined> {
      const call = await worlds.get(id)?.next();
      if (call === undefined) return void response.end();
      response.writeHead(200, { [HEAD]: writeHead(call.head) });
      response.flushHeaders();
      await pipeline(Readable.from(call.body), response);
    },
    async answer(id, request): Promise<unknown> {
      const { hasBody, ...rest } = readHead<RelayedAnswer>(String(request.headers[HEAD]));
      const bytes = await bytesOf(request);
      const call = settle(id);
      call?.answer({ ...rest, body: hasBody ? bytesContent(bytes) : undefined });
      return await call?.ended ?? {};
    },
    async break(id): Promise<unknown> {
      settle(id)?.break();
      return {};
    },
    close: shut,
  };
  return {
    async handle(request, response): Promise<void> {
      const [, verb = "", id] = (request.url ?? "").split("/");
      const answer = await verbs[verb]?.(Number(id), request, response);
      if (answer !== undefined) response.end(JSON.stringify(answer));
    },
    close: async () => void await Promise.all([...worlds.keys()].map(shut)),
  };
}

/** Servers for one simulation that is elsewhere. */
interface RelayedWorld {
  readonly id: number;
  readonly urls: readonly string[];
  /** The next request, when it comes; undefined when the world is closed. */
  next(): Promise<Call | undefined>;
  close(): Promise<void>;
}

let count = 0;

async function openWorld(size: number, calls: Map<number, Call>): Promise<RelayedWorld> {
  const queue: Call[] = [];
  const open = new Set<Call>();
  let take: ((call: Call | undefined) => void) | undefined;
  const exchange = (host: SimulatedHost, request: SimulatedRequest): Promise<Exchanged> => {
    const call = createCall(++count, hosts.indexOf(host), host, request);
    calls.set(call.head.id, call);
    open.add(call);
    if (take === undefined) queue.push(call);
    else take(call);
    take = undefined;
    return call.exchanged;
  };
  const hosts = Array.from({ length: size }, (_, i) => emptyHost(`https://host-${i}.test`));
  const simulation = { ...createSimulation(), exchange, hosts: () => hosts };
  const served: readonly ServedHost[] = await Promise.all(
    hosts.map((host) => serveSimulation({ simulation, host })),
  );
  return {
    id: ++count,
    urls: served.map(({ url }) => url),
    next: async () => queue.shift() ?? await new Promise((resolve) => take = resolve),
    async close(): Promise<void> {
      await Promise.all(served.map((one) => one.close()));
      for (const call of open) call.break();
      take?.(undefined);
    },
  };
}

/** Never asked itself. */
function emptyHost(origin: string): SimulatedHost {
  return { kind: "trap", origin, address: origin, handle: () => ({ status: 500, headers: [] }) };
}

/** One request, until it is answered there and the answer is written here. */
interface Call {
  readonly head: RelayedRequest;
  readonly body: SimulatedRequest["body"];
  readonly exchanged: Promise<Exchanged>;
  /** What became of the answer. */
  readonly ended: Promise<Pick<LoggedRequest, "sentBytes" | "outcome">>;
  answer(delivery: Exchanged["delivery"]): void;
  /** There is no answer, or nobody left to have it. */
  break(): void;
}

function createCall(
  id: number,
  index: number,
  { origin, kind }: SimulatedHost,
  { method, url, target, headers, body }: SimulatedRequest,
): Call {
  const exchanged = Promise.withResolvers<Exchanged>();
  const ended = Promise.withResolvers<Pick<LoggedRequest, "sentBytes" | "outcome">>();
  const entry: LoggedRequest = {
    ...{ host: origin, kind, method, url, target, headers: {}, body: new Uint8Array(0) },
    ...{ bodyBytes: 0, status: 0, sentBytes: 0 },
    get outcome(): LoggedRequest["outcome"] {
      return "open";
    },
    set outcome(outcome) {
      ended.resolve({ sentBytes: entry.sentBytes, outcome });
    },
  };
  return {
    head: { id, host: index, method, target, headers: [...headers] },
    body,
    exchanged: exchanged.promise,
    ended: ended.promise,
    answer: (delivery) => exchanged.resolve({ delivery, entry }),
    break(): void {
      exchanged.reject(new Error("Broken on the way"));
      entry.outcome = "cancelled";
    },
  };
}

async function bytesOf(request: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  for await (const part of request) parts.push(part);
  return concatBytes(parts);
}
