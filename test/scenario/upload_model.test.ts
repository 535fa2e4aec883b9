import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createRegistryClient,
  type PushBlobOptions,
  type PushedBlob,
} from "../../src/client/mod.ts";
import { isTidegateError } from "../../src/core/mod.ts";
import { digestOf } from "../../src/simulation/mod.ts";
import { APP, noise } from "../support/client_scenario.ts";
import { fixedRandom } from "../support/transport.ts";
import { createVirtualClock, type VirtualClock } from "../support/virtual_clock.ts";

/*
 * One upload as its registry sees it: initiated, uploading, chunk_sent, completing, completed; failed
 * or cancelled at any time before. The registry says of each request what comes of it, and watches
 * that each is one that the state allows.
 */

const CHUNK = 1000;
const BYTES = noise(5500);
const DIGEST = await digestOf(BYTES);
const UPLOADS = `https://${APP.registry}/v2/${APP.repository}/blobs/uploads/`;

type State = "idle" | "initiated" | "uploading" | "chunk_sent" | "completing" | "completed";

/** What comes of a request that has come. */
type Outcome = "taken" | "lost" | "refused" | "dropped" | "half" | "stalled" | "forgotten";

interface Registry {
  state: State;
  /** The session that is open, by its number; 0 for none. */
  session: number;
  opened: number;
  received: number;
  isCommitted: boolean;
  /** The client does not know what became of its last bytes: it has to ask. */
  mustAsk: boolean;
  /** What was asked for that no state allows. */
  readonly wrong: string[];
}

interface Waiting {
  readonly request: Request;
  readonly body: Uint8Array;
  readonly answer: (response: Response | Error) => void;
}

interface Real {
  readonly clock: VirtualClock;
  readonly controller: AbortController;
  readonly waiting: Waiting[];
  readonly done: Promise<PushedBlob | Error>;
  arrived: PromiseWithResolvers<void>;
  ended: PushedBlob | Error | undefined;
}

function fresh(registry: Registry, sizes: Sizes): Real {
  const clock = createVirtualClock(3);
  const controller = new AbortController();
  const real = { clock, controller, waiting: [], ended: undefined } as unknown as Real;
  real.arrived = Promise.withResolvers();
  const client = createRegistryClient({
    ...{ clock, random: fixedRandom() },
    fetch: (request) => receive(registry, real, request),
    transport: { breaker: { failureThreshold: 1000 } },
  });
  const { signal } = controller;
  const put = client.blobs.put(APP, BYTES, { ...sizes, digest: DIGEST, signal });
  const done = put.catch((error: Error) => error).then((end) => real.ended = end);
  return Object.assign(real, { done });
}

/** HEAD and the status are answered as things are; all else waits for a command. */
async function receive(registry: Registry, real: Real, request: Request): Promise<Response> {
  const { method, url } = request;
  if (registry.state === "completed" && method !== "HEAD") {
    registry.wrong.push(`${method} at the end`);
  }
  if (method === "HEAD") {
    const length = registry.isCommitted ? { "content-length": String(BYTES.length) } : {};
    return new Response(null, { status: registry.isCommitted ? 200 : 404, headers: length });
  }
  if (method === "GET") {
    registry.mustAsk = false;
    return isOpen(registry, url) ? progress(registry, 204) : new Response(null, { status: 404 });
  }
  if (method === "DELETE") return new Response(null, { status: 204 });
  const body = new Uint8Array(await request.arrayBuffer());
  judge(registry, request, body);
  return await new Promise((resolve, reject) => {
    request.signal.addEventListener("abort", () => reject(request.signal.reason));
    const answer = (end: Response | Error): void =>
      end instanceof Error ? reject(end) : resolve(end);
    real.waiting.push({ request, body, answer });
    real.arrived.resolve();
  });
}

function isOpen({ session }: Registry, url: string): boolean {
  return session !== 0 && url.startsWith(`${UPLOADS}${session}`);
}

function progress({ received, session }: Registry, status: number): Response {
  const location = `${UPLOADS}${session}`;
  const range = `0-${Math.max(received - 1, 0)}`;
  return new Response(null, { status, headers: { location, range } });
}

/** Whether the state allows the request. */
function judge(registry: Registry, { headers, method, url }: Request, body: Uint8Array): void {
  const { mustAsk, received, state, wrong } = registry;
  if (method === "POST") {
    if (registry.session !== 0 && state !== "idle") wrong.push("a second upload beside the first");
    return;
  }
  if (mustAsk) wrong.push(`${method} before asking what has arrived`);
  if (!isOpen(registry, url)) return; // it was forgotten, and the client cannot know
  if (method === "PATCH") {
    registry.state = "uploading";
    const start = Number(headers.get("content-range")?.split("-")[0] ?? NaN);
    if (start !== received) wrong.push(`a chunk at ${start} instead of ${received}`);
    const same = body.every((byte, i) => byte === BYTES[received + i]);
    if (!same || body.length > CHUNK) wrong.push("a chunk of other bytes");
    return;
  }
  registry.state = "completing";
  if (received + body.length !== BYTES.length) wrong.push("the end before the end");
  if (new URL(url).searchParams.get("digest") !== DIGEST) wrong.push("another digest");
}

/** Do what the command says with a request. */
function settle(registry: Registry, { answer, body, request }: Waiting, outcome: Outcome): void {
  const { method } = request;
  if (outcome === "forgotten") {
    Object.assign(registry, { session: 0, received: 0, state: "idle" });
    answer(new Response(null, { status: 404 }));
    return;
  }
  const isTaken = outcome === "taken" || outcome === "lost" || outcome === "half";
  const isKnown = method === "POST" || isOpen(registry, request.url);
  if (isTaken && isKnown) {
    take(registry, method, outcome === "half" ? body.length >> 1 : body.length);
  }
  if (method === "PATCH" && outcome !== "taken" && outcome !== "half") registry.mustAsk = true;
  if (outcome === "stalled") return; // its deadline comes
  if (outcome === "lost" || outcome === "dropped") answer(new TypeError("fetch failed"));
  else if (outcome === "refused") answer(new Response(null, { status: 500 }));
  else if (!isKnown) answer(new Response(null, { status: 404 }));
  else answer(method === "PUT" ? new Response(null, { status: 201 }) : progress(registry, 202));
  // without an answer, the client knows of no upload
  if (method === "POST" && outcome === "lost") {
    Object.assign(registry, { session: 0, state: "idle" });
  }
}

function take(registry: Registry, method: string, length: number): void {
  if (method === "POST") {
    Object.assign(registry, { session: ++registry.opened, received: 0, state: "initiated" });
  } else if (method === "PATCH") {
    registry.received += length;
    registry.state = "chunk_sent";
  } else {
    Object.assign(registry, { isCommitted: true, session: 0, state: "completed" });
  }
}

/** The next request, or undefined when the upload has ended. */
async function next(real: Real): Promise<Waiting | undefined> {
  if (real.waiting.length === 0) {
    real.arrived = Promise.withResolvers();
    await real.clock.run(Promise.race([real.arrived.promise, real.done]));
  }
  return real.waiting.shift();
}

type Command = fc.AsyncCommand<Registry, Real>;

const answering = (outcome: Outcome): Command => ({
  check: () => true,
  toString: () => outcome,
  async run(registry, real): Promise<void> {
    const waiting = await next(real);
    if (waiting === undefined) return;
    const { method } = waiting.request;
    // half of what carries no chunk is nothing
    settle(registry, waiting, outcome === "half" && method !== "PATCH" ? "taken" : outcome);
    await real.clock.advance(0);
    expect(registry.wrong).toEqual([]);
  },
});

/** The caller wants it no more, while a request is on its way. */
const cancel: Command = {
  check: () => true,
  toString: () => "cancel",
  async run(registry, real): Promise<void> {
    const waiting = await next(real);
    if (waiting === undefined) return;
    real.controller.abort(new Error("cancelled"));
    await real.clock.run(real.done);
    expect(real.ended).toBe(real.controller.signal.reason);
    expect(registry.wrong).toEqual([]);
  },
};

/** From here on all goes well: it completes, unless it had ended before. */
async function recover(registry: Registry, real: Real): Promise<void> {
  for (let turns = 0; real.ended === undefined; turns++) {
    expect(turns).toBeLessThan(100);
    const waiting = await next(real);
    if (waiting !== undefined) settle(registry, waiting, "taken");
    await real.clock.advance(0);
  }
  expect(registry.wrong).toEqual([]);
  if (!(real.ended instanceof Error)) {
    expect(registry.isCommitted).toBe(true); // completed means that it is there
    expect(real.ended).toMatchObject({ digest: DIGEST, size: BYTES.length });
    return;
  }
  const isCancelled = real.ended === real.controller.signal.reason;
  expect(isCancelled || isTidegateError(real.ended)).toBe(true);
}

/** How much bad luck in a row an upload always stands. */
const LUCK: readonly Outcome[] = ["lost", "refused", "dropped", "half", "stalled"];

function idle(): Registry {
  return {
    ...{ state: "idle", session: 0, opened: 0, received: 0, isCommitted: false },
    ...{ mustAsk: false, wrong: [] },
  };
}

/** Of chunks that are held, or streamed once the registry has counted one right. */
type Sizes = Pick<PushBlobOptions, "chunkBytes" | "streamBytes">;

describe.each<[string, Sizes]>([
  ["held", { chunkBytes: CHUNK }],
  ["streamed", { chunkBytes: CHUNK / 4, streamBytes: CHUNK }],
])("an upload of chunks that are %s", (_, sizes) => {
  it("takes no step that its state does not allow, and ends", async () => {
    const outcome = fc.constantFrom<Outcome>(
      "taken",
      "taken",
      "taken",
      "taken",
      ...LUCK,
      "forgotten",
    );
    const commands = fc.commands([
      outcome.map(answering),
      outcome.map(answering),
      outcome.map(answering),
      fc.constant(cancel),
    ], { maxCommands: 25, size: "max" });
    await fc.assert(
      fc.asyncProperty(commands, async (all) => {
        const registry = idle();
        const real = fresh(registry, sizes);
        await fc.asyncModelRun(() => ({ model: registry, real }), all);
        await recover(registry, real);
      }),
      { numRuns: 150 },
    );
  });

  it("completes whatever goes wrong with a chunk, if every other one is taken", async () => {
    const luck = fc.array(fc.constantFrom(...LUCK), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(luck, async (outcomes) => {
        const registry = idle();
        const real = fresh(registry, sizes);
        await answering("taken").run(registry, real); // it is initiated
        for (const outcome of outcomes) {
          if (registry.state !== "completing") await answering(outcome).run(registry, real);
          await answering("taken").run(registry, real);
        }
        await recover(registry, real);
        expect(real.ended).toMatchObject({ digest: DIGEST, outcome: "uploaded" });
      }),
      { numRuns: 60 },
    );
  });
});
