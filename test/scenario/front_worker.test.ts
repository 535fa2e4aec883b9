import { createHash } from "node:crypto";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  buildImage,
  type BuiltImage,
  createSimulation,
  type Simulation,
} from "../../src/simulation/mod.ts";
import { type ServedHost, serveSimulation } from "../../src/simulation/serve_node.ts";
import { type ServedWorker, serveWorker } from "../../tools/serve_worker.ts";

const SIZE = 1024 * 1024 + 17;
const BLOBS = "*/blobs/*";
let simulation: Simulation;
let upstream: ServedHost;
let door: ServedWorker;
let image: BuiltImage;

beforeAll(async () => {
  simulation = createSimulation();
  const registry = simulation.registry("registry.test");
  image = await buildImage({ layers: [SIZE, 1000] });
  registry.add("acme/app", { image, tags: ["v1"] });
  upstream = await serveSimulation({ simulation, host: registry });
  const config = JSON.stringify({
    upstreams: [{ name: "sim", origin: upstream.url, default: true }],
    access: { anonymous: ["sim/**:pull"] },
  });
  door = await serveWorker({ port: 0, config, secrets: {} });
});

afterAll(async () => {
  await door?.close();
  await upstream?.close();
});

beforeEach(() => {
  simulation.faults.clear();
  simulation.log.length = 0;
});

interface Received {
  readonly status: number;
  readonly length: number;
  readonly digest: string;
  /** Whether the connection delivered all that the head announced. */
  readonly complete: boolean;
}

/** GET with raw `node:http`, which tells a whole message from a broken one. */
function get(path: string, headers: Record<string, string> = {}): Promise<Received> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(door.url + path, { headers, agent: false }, (response) => {
      const hash = createHash("sha256");
      let length = 0;
      response.on("data", (chunk: Uint8Array) => {
        hash.update(chunk);
        length += chunk.length;
      });
      response.on("error", () => {});
      response.on("close", () =>
        resolve({
          status: response.statusCode ?? 0,
          length,
          digest: `sha256:${hash.digest("hex")}`,
          complete: response.complete,
        }));
    });
    request.on("error", reject);
    request.end();
  });
}

function blob(layer = 0): string {
  return `/v2/acme/app/blobs/${image.layers[layer]?.digest}`;
}

describe("front door in workerd over TCP", () => {
  it.each(["close", "reset"] as const)(
    "hides an upstream that breaks by %s at every 64 KiB ± 1",
    async (by) => {
      for (let edge = 0; edge <= SIZE; edge += 65_536) {
        for (const at of [edge - 1, edge, edge + 1].filter((at) => at >= 0 && at < SIZE)) {
          simulation.faults.clear();
          simulation.log.length = 0;
          simulation.faults.add({ path: BLOBS, first: 1, action: { kind: "cut", by, at } });
          const got = await get(blob());
          expect([at, got.status, got.complete, got.length]).toEqual([at, 200, true, SIZE]);
          expect(got.digest).toBe(image.layers[0]?.digest);
        }
      }
    },
    120_000,
  );

  it("never completes a message with wrong bytes", async () => {
    for (const layer of [0, 1]) {
      for (const at of [0, 500, -1]) {
        for (const range of [undefined, "bytes=1-900"]) {
          simulation.faults.clear();
          simulation.faults.add({ path: BLOBS, action: { kind: "flip", at, within: "blob" } });
          const got = await get(blob(layer), range === undefined ? {} : { range });
          expect(got.status < 300 && got.complete).toBe(false);
        }
      }
    }
  });

  it("answers HEAD with the length and no body", async () => {
    const response = await fetch(door.url + blob(), { method: "HEAD" });
    expect(response.headers.get("content-length")).toBe(String(SIZE));
    expect(response.headers.get("docker-content-digest")).toBe(image.layers[0]?.digest);
  });

  it("lets go of a stalled upstream when the caller disconnects", async () => {
    const closed = Promise.withResolvers<boolean>();
    const origin = createServer((_, response) => {
      response.on("close", () => closed.resolve(response.writableFinished));
      response.writeHead(200, { "content-length": SIZE });
      response.write(new Uint8Array(600_000));
    });
    await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
    const { port } = origin.address() as AddressInfo;
    const config = JSON.stringify({
      upstreams: [{ name: "sim", origin: `http://127.0.0.1:${port}`, default: true }],
      access: { anonymous: ["sim/**:pull"] },
    });
    const stalled = await serveWorker({ port: 0, config, secrets: {} });
    const caller = new AbortController();
    const response = await fetch(stalled.url + blob(), { signal: caller.signal });
    expect(response.status).toBe(200);
    caller.abort();
    const lateness = setTimeout(() => closed.reject(new Error("still open")), 10_000);
    expect(await closed.promise).toBe(false);
    clearTimeout(lateness);
    origin.closeAllConnections();
    origin.close();
    await stalled.close();
  });
});
