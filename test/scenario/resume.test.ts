import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TidegateError } from "../../src/core/mod.ts";
import {
  APP,
  CANARY,
  canaryCredentials,
  createScenario,
  noise,
  type Scenario,
} from "../support/client_scenario.ts";

const KIB = 1024;
const SIZE = 1024 * KIB + 17;
const BYTES = noise(SIZE);
const BOUNDARIES = Array.from({ length: 17 }, (_, i) => i * 64 * KIB);
const CUTS = BOUNDARIES.flatMap((at) => [at - 1, at, at + 1]).filter((at) => at >= 0 && at < SIZE);

async function pull({ client, run }: Scenario, digest: string): Promise<Uint8Array> {
  const pulled = await run(client.blobs.get(APP, digest));
  const bytes = await run(pulled.bytes());
  await pulled.verified;
  return bytes;
}

/** Bytes of blobs that the registry sent, all connections together. */
function sentBytes({ simulation }: Scenario): number {
  return simulation.log.filter(({ target }) => target.includes("/blobs/"))
    .reduce((sum, { sentBytes }) => sum + sentBytes, 0);
}

describe("a blob whose connection breaks", () => {
  it.each(["close", "reset"] as const)(
    "is continued after one %s, at every boundary",
    async (by) => {
      for (const at of CUTS) {
        const scenario = createScenario();
        const digest = await scenario.blob(BYTES);
        scenario.simulation.faults.add({
          path: "*/blobs/*",
          nth: 1,
          action: { kind: "cut", by, at },
        });
        expect(Buffer.compare(await pull(scenario, digest), BYTES), `cut at ${at}`).toBe(0);
        expect(sentBytes(scenario) - SIZE, `fetched again at ${at}`).toBeLessThanOrEqual(
          1024 * KIB,
        );
      }
    },
  );

  it("is continued over all the cuts of one pull", async () => {
    const scenario = createScenario();
    const digest = await scenario.blob(BYTES);
    for (const at of CUTS.slice(1)) {
      scenario.simulation.faults.add({
        path: "*/blobs/*",
        nth: CUTS.indexOf(at),
        action: { kind: "cut", by: "reset", at, within: "blob" },
      });
    }
    expect(Buffer.compare(await pull(scenario, digest), BYTES)).toBe(0);
    expect(scenario.events.filter(({ type }) => type === "blob.resumed").length).toBe(
      CUTS.length - 1,
    );
  });

  it("is continued after a stall", async () => {
    const scenario = createScenario();
    const digest = await scenario.blob(BYTES);
    scenario.simulation.faults.add({
      path: "*/blobs/*",
      nth: 1,
      action: { kind: "stall", at: 500_000 },
    });
    const start = scenario.clock.now();
    expect(Buffer.compare(await pull(scenario, digest), BYTES)).toBe(0);
    expect(scenario.clock.now() - start).toBeLessThanOrEqual(33_000);
  });

  it.each([500_000, SIZE - 1, SIZE])(
    "is continued where chunked bodies hide its length, cut at %i",
    async (at) => {
      const scenario = createScenario();
      const digest = await scenario.blob(BYTES);
      scenario.simulation.faults.add({
        path: "*/blobs/*",
        nth: 1,
        action: [{ kind: "frame", by: "chunked" }, { kind: "cut", by: "reset", at }],
      });
      expect(Buffer.compare(await pull(scenario, digest), BYTES)).toBe(0);
    },
  );

  it("starts over, and throws away, where Range is ignored: three times, not four", async () => {
    for (const cuts of [3, 4]) {
      const scenario = createScenario();
      scenario.registry.configure({ quirks: { ignoreRange: true } });
      const digest = await scenario.blob(BYTES);
      scenario.simulation.faults.add({
        path: "*/blobs/*",
        first: cuts,
        action: { kind: "cut", by: "close", at: 900_000 },
      });
      const pulling = pull(scenario, digest);
      if (cuts === 3) expect(Buffer.compare(await pulling, BYTES)).toBe(0);
      else await expect(pulling).rejects.toMatchObject({ code: "RESUME_FAILED" });
    }
  });

  it("asks without Range where any Range is answered 400", async () => {
    const scenario = createScenario();
    const digest = await scenario.blob(BYTES);
    scenario.simulation.faults.add(
      { path: "*/blobs/*", nth: 1, action: { kind: "cut", by: "close", at: 600_000 } },
      { path: "*/blobs/*", ranged: true, action: { kind: "answer", status: 400 } },
    );
    expect(Buffer.compare(await pull(scenario, digest), BYTES)).toBe(0);
  });

  it.each([
    ["another start", { contentRange: `bytes 0-${SIZE - 1}/${SIZE}` }],
    ["another size", { contentRange: `bytes 500000-${SIZE - 1}/${SIZE + 1}` }],
    ["no range at all", { contentRange: "bytes" }],
  ])("is given up when the next part has %s", async (_, quirks) => {
    const scenario = createScenario();
    const digest = await scenario.blob(BYTES);
    scenario.registry.configure({ quirks });
    scenario.simulation.faults.add({
      path: "*/blobs/*",
      nth: 1,
      action: { kind: "cut", by: "close", at: 500_000 },
    });
    const error = await pull(scenario, digest).catch((e: TidegateError) => e);
    expect(["RESUME_FAILED", "INVALID_RESPONSE"]).toContain((error as TidegateError).code);
  });

  it("takes a part whose total is not told", async () => {
    const scenario = createScenario();
    const digest = await scenario.blob(BYTES);
    scenario.registry.configure({ quirks: { unknownRangeTotal: true } });
    scenario.simulation.faults.add({
      path: "*/blobs/*",
      nth: 1,
      action: { kind: "cut", by: "close", at: 500_000 },
    });
    expect(Buffer.compare(await pull(scenario, digest), BYTES)).toBe(0);
  });

  it("is given up after four connections without a byte", async () => {
    const scenario = createScenario();
    const digest = await scenario.blob(BYTES);
    scenario.simulation.faults.add(
      { path: "*/blobs/*", nth: 1, action: { kind: "cut", by: "close", at: 500_000 } },
      { path: "*/blobs/*", after: 1, action: { kind: "cut", by: "close", at: 0 } },
    );
    await expect(pull(scenario, digest)).rejects.toMatchObject({
      code: "RESUME_FAILED",
      details: { offset: 500_000 },
    });
    expect(scenario.simulation.log.length).toBeLessThanOrEqual(6);
  });

  it("is given up when each connection brings a byte", async () => {
    const scenario = createScenario();
    const digest = await scenario.blob(BYTES);
    scenario.simulation.faults.add({
      path: "*/blobs/*",
      action: { kind: "cut", by: "close", at: 1 },
    });
    await expect(pull(scenario, digest)).rejects.toMatchObject({ code: "RESUME_FAILED" });
    expect(scenario.simulation.log.length).toBeLessThanOrEqual(66);
  });

  it("fails with what the registry says when the blob has gone", async () => {
    const scenario = createScenario();
    const digest = await scenario.blob(BYTES);
    scenario.simulation.faults.add(
      { path: "*/blobs/*", nth: 1, action: { kind: "cut", by: "close", at: 500_000 } },
      { path: "*/blobs/*", after: 1, action: { kind: "answer", status: 404 } },
    );
    await expect(pull(scenario, digest)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("fails with DIGEST_MISMATCH when the rest is of another blob", async () => {
    const scenario = createScenario();
    const digest = await scenario.blob(BYTES);
    scenario.simulation.faults.add(
      { path: "*/blobs/*", nth: 1, action: { kind: "cut", by: "close", at: 500_000 } },
      { path: "*/blobs/*", nth: 2, action: { kind: "flip", at: 700_000, within: "blob" } },
    );
    await expect(pull(scenario, digest)).rejects.toMatchObject({ code: "DIGEST_MISMATCH" });
  });

  it("gets a fresh token and a fresh redirect when both have expired", async () => {
    const scenario = createScenario({ credentials: canaryCredentials() });
    const { clock, registry, simulation } = scenario;
    const tokens = simulation.tokenService("registry.example.com:444", {
      users: { user: CANARY },
      lifetimeSeconds: 60,
    });
    const store = simulation.blobHost("blobs.example.net", { lifetimeSeconds: 30 });
    registry.configure({ auth: { mode: "bearer", tokens }, redirect: { to: store } });
    const digest = await scenario.blob(BYTES);
    simulation.faults.add({
      host: "blobs.example.net",
      nth: 1,
      action: { kind: "stall", at: 500_000 },
    });
    const upstream = (await import("../../src/upstream/mod.ts")).resolveUpstream(APP.registry, {
      tokenOrigins: [tokens.origin],
    });
    const { createRegistryClient } = await import("../../src/client/mod.ts");
    const client = createRegistryClient({
      fetch: simulation.fetch,
      clock,
      upstreams: [upstream],
      credentials: canaryCredentials(),
      resume: { stallMs: 90_000 },
    });
    const pulled = await clock.run(client.blobs.get(APP, digest));
    expect(Buffer.compare(await clock.run(pulled.bytes()), BYTES)).toBe(0);
    expect(tokens.issued.length).toBe(2);
    const stored = simulation.log.filter(({ kind }) => kind === "blobs");
    expect(new Set(stored.map(({ url }) => url)).size).toBe(2);
    for (const { headers } of stored) expect(headers["authorization"]).toBeUndefined();
  });

  it("ends right or with a typed error for any plan of cuts and lies, and never splices wrong", async () => {
    const bytes = noise(40_000, 7);
    const step = fc.record({
      at: fc.nat(bytes.length),
      by: fc.constantFrom("close", "reset"),
      lie: fc.constantFrom(undefined, undefined, "start", "short", "whole", "error", "gone"),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (plan) => {
        const scenario = createScenario();
        const digest = await scenario.blob(bytes);
        plan.forEach(({ at, by, lie }, i) => {
          const nth = i + 1;
          scenario.simulation.faults.add({
            path: "*/blobs/*",
            nth,
            action: { kind: "cut", by, at },
          });
          const ranged = { path: "*/blobs/*", nth: nth + 1 };
          const set = { "content-range": `bytes ${at + 1}-${bytes.length - 1}/${bytes.length}` };
          if (lie === "start") {
            scenario.simulation.faults.add({ ...ranged, action: { kind: "headers", set } });
          }
          if (lie === "short") {
            scenario.simulation.faults.add({ ...ranged, action: { kind: "truncate", at: 10 } });
          }
          if (lie === "error") {
            scenario.simulation.faults.add({ ...ranged, action: { kind: "answer", status: 503 } });
          }
          if (lie === "gone") {
            scenario.simulation.faults.add({ ...ranged, action: { kind: "drop", by: "reset" } });
          }
          if (lie === "whole") scenario.registry.configure({ quirks: { ignoreRange: true } });
        });
        const outcome = await pull(scenario, digest).catch((error: TidegateError) => error);
        if (outcome instanceof Uint8Array) expect(Buffer.compare(outcome, bytes)).toBe(0);
        else expect(outcome.name).toBe("TidegateError");
        expect(scenario.clock.pending).toBe(0);
      }),
      { numRuns: 100 },
    );
  });
});
