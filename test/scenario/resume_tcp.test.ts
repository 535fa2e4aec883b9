import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRegistryClient } from "../../src/client/mod.ts";
import { bytesContent, createSimulation, digestOf } from "../../src/simulation/mod.ts";
import { type ServedHost, serveSimulation } from "../../src/simulation/serve_node.ts";
import { noise } from "../support/client_scenario.ts";

const KIB = 1024;
const SIZE = 1024 * KIB + 17;
const BYTES = noise(SIZE);
const CUTS = Array.from({ length: 17 }, (_, i) => i * 64 * KIB)
  .flatMap((at) => [at - 1, at, at + 1])
  .filter((at) => at >= 0 && at < SIZE);

const simulation = createSimulation();
const registry = simulation.registry("registry.test");
let served: ServedHost;
let digest = "";

beforeAll(async () => {
  digest = await digestOf(BYTES);
  registry.repository("acme/app").blobs.set(digest, bytesContent(BYTES));
  served = await serveSimulation({ simulation, host: registry });
});
afterAll(() => served.close());

async function pull(): Promise<Uint8Array> {
  const ref = { registry: new URL(served.url).host, repository: "acme/app" };
  const pulled = await createRegistryClient().blobs.get(ref, digest);
  const bytes = await pulled.bytes();
  await pulled.verified;
  return bytes;
}

describe("a blob over TCP whose connection breaks", () => {
  it.each(["close", "reset"] as const)("is continued after a %s, at every boundary", async (by) => {
    for (const at of CUTS) {
      simulation.log.length = 0;
      const end = simulation.faults.add({
        path: "*/blobs/*",
        nth: 1,
        action: { kind: "cut", by, at },
      });
      expect(Buffer.compare(await pull(), BYTES), `cut at ${at}`).toBe(0);
      const sent = simulation.log.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
      expect(sent - SIZE, `fetched again at ${at}`).toBeLessThanOrEqual(1024 * KIB);
      end();
    }
  });

  it("is continued over all the cuts of one pull", async () => {
    const ends = CUTS.filter((_, i) => i % 3 === 1).map((at, i) =>
      simulation.faults.add({
        path: "*/blobs/*",
        nth: i + 1,
        action: { kind: "cut", by: i % 2 ? "close" : "reset", at, within: "blob" },
      })
    );
    expect(Buffer.compare(await pull(), BYTES)).toBe(0);
    for (const end of ends) end();
  });

  it("never takes a body for whole that ends with its connection", async () => {
    const end = simulation.faults.add({
      path: "*/blobs/*",
      nth: 1,
      action: [{ kind: "frame", by: "until-close" }, { kind: "cut", by: "close", at: 500_000 }],
    });
    const outcome = await pull().catch((error: Error) => error.name);
    expect(outcome === "TidegateError" || outcome instanceof Uint8Array).toBe(true);
    if (outcome instanceof Uint8Array) expect(Buffer.compare(outcome, BYTES)).toBe(0);
    end();
  });
});
