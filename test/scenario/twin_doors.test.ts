import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createSimulation, digestOf, type Simulation } from "../../src/simulation/mod.ts";
import { type ServedHost, serveSimulation } from "../../src/simulation/serve_node.ts";
import { bundleWorker, workerCompatibility } from "../../tools/worker_bundle.ts";
import { noise } from "../support/client_scenario.ts";

/*
 * Two Workers with one configuration, each an isolate of its own in workerd, whose one Durable Object
 * is the first one's. An upload goes from one to the other with each request.
 */

const SIZE = 5 * 1024 * 1024 + 11;
const CHUNK = 1024 * 1024 + 1;
const UPLOADS = "/v2/acme/app/blobs/uploads/";
let simulation: Simulation;
let upstream: ServedHost;
let doors: Miniflare;

beforeAll(async () => {
  simulation = createSimulation();
  const registry = simulation.registry("registry.test");
  registry.configure({ push: {} });
  upstream = await serveSimulation({ simulation, host: registry });
  const TIDEGATE_CONFIG = JSON.stringify({
    upstreams: [{ name: "sim", origin: upstream.url, default: true }],
    access: { anonymous: ["sim/**:pull,push"] },
    sealingKeys: [{ secret: "SEAL_KEY" }],
  });
  const { date, flags } = workerCompatibility();
  const modules = await bundleWorker();
  const worker = (name: string, owner: object): object => ({
    ...{ name, modules, compatibilityDate: date, compatibilityFlags: flags },
    bindings: { TIDEGATE_CONFIG, SEAL_KEY: "0123456789abcdef0123456789abcdef" },
    durableObjects: {
      UPLOADS: { className: "UploadCheckpoint", useSQLite: true, ...owner },
      DELIVERIES: { className: "WebhookDeliveries", useSQLite: true, ...owner },
    },
  });
  doors = new Miniflare(convertV4MiniflareOptions({
    host: "127.0.0.1",
    port: 0,
    cf: false,
    workers: [worker("one", {}), worker("two", { scriptName: "one" })] as never,
  }));
  await doors.ready;
});

afterAll(async () => {
  await doors?.dispose();
  await upstream?.close();
});

beforeEach(() => void (simulation.log.length = 0));

let turn = 0;

/** Through the one door, then the other. */
async function send(path: string, init: RequestInit = {}): Promise<Response> {
  const door = await doors.getWorker(++turn % 2 === 0 ? "one" : "two");
  const answer = await door.fetch(`https://door.test${path}`, init as never);
  return answer as unknown as Response;
}

function patch(location: string, bytes: Uint8Array<ArrayBuffer>, at: number): Promise<Response> {
  const end = Math.min(at + CHUNK, bytes.length);
  const headers = { "content-range": `${at}-${end - 1}` };
  return send(location, { method: "PATCH", headers, body: bytes.slice(at, end) });
}

async function uploaded(bytes: Uint8Array<ArrayBuffer>, from: string, at = 0): Promise<Response> {
  let location = from;
  for (let start = at; start < bytes.length; start += CHUNK) {
    const answer = await patch(location, bytes, start);
    expect([answer.status, await answer.text()]).toEqual([202, ""]);
    location = answer.headers.get("location") ?? "";
  }
  return await send(`${location}?digest=${await digestOf(bytes)}`, { method: "PUT" });
}

async function begin(): Promise<string> {
  const begun = await send(UPLOADS, { method: "POST" });
  expect(begun.status).toBe(202);
  return begun.headers.get("location") ?? "";
}

/** It is there, and no door has read it back. */
async function expectVerified(
  answer: Response,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  expect(answer.status).toBe(201);
  expect(simulation.log.map(({ method }) => method)).not.toContain("HEAD");
  const pulls = simulation.log.filter(({ target }) => target.includes("/blobs/sha256:"));
  expect(pulls.filter(({ method }) => method === "GET")).toHaveLength(0);
  const got = await send(`/v2/acme/app/blobs/${await digestOf(bytes)}`);
  expect(await digestOf(new Uint8Array(await got.arrayBuffer()))).toBe(await digestOf(bytes));
}

describe("twin front doors in workerd", () => {
  it("take an upload chunk by chunk in turns, and verify it", async () => {
    const bytes = noise(SIZE);
    await expectVerified(await uploaded(bytes, await begin()), bytes);
  });

  it("go on from what only the other has heard of", async () => {
    const bytes = noise(SIZE, 2);
    const location = await begin();
    expect((await patch(location, bytes, 0)).status).toBe(202);
    // its answer was lost, and the other door is asked at the old address
    const status = await send(location);
    expect(status.headers.get("range")).toBe(`0-${CHUNK - 1}`);
    await expectVerified(await uploaded(bytes, status.headers.get("location") ?? "", CHUNK), bytes);
  });
});
