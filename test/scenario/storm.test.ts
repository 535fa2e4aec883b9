import { describe, expect, it } from "vitest";
import { isTidegateError } from "../../src/core/mod.ts";
import type { FaultAction } from "../../src/simulation/mod.ts";
import { buildImage } from "../../src/simulation/mod.ts";
import { createRegistryClient } from "../../src/client/mod.ts";
import { createTransportState } from "../../src/transport/mod.ts";
import { APP, createScenario, type Scenario } from "../support/client_scenario.ts";

const CLIENTS = 64;

async function scenario(): Promise<Scenario> {
  const made = createScenario();
  made.registry.add(APP.repository, { image: await buildImage(), tags: ["v1"] });
  return made;
}

/** 64 clients of one process get the same manifest at once. */
async function storm({ clock, simulation }: Scenario): Promise<PromiseSettledResult<unknown>[]> {
  const state = createTransportState();
  let chance = 0;
  const random = {
    float: () => (chance = (chance + 0.618) % 1),
    bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)),
  };
  return await clock.run(Promise.allSettled(
    Array.from(
      { length: CLIENTS },
      () =>
        createRegistryClient({ fetch: simulation.fetch, clock, state, random }).manifests.get(APP),
    ),
  ));
}

describe("64 clients in a storm", () => {
  const actions: [string, FaultAction][] = [
    ["429 with seconds", { kind: "answer", status: 429, retryAfter: 3 }],
    ["429 with a date", { kind: "answer", status: 429, retryAfter: { dateInSeconds: 3 } }],
    ["429 without a hint", { kind: "answer", status: 429 }],
    ["503 with seconds", { kind: "answer", status: 503, retryAfter: 2 }],
  ];
  it.each(actions)("all succeed after one %s each, none too early", async (_, action) => {
    const made = await scenario();
    made.simulation.faults.add({ path: "*/manifests/*", first: CLIENTS, action });
    const start = made.clock.now();
    const results = await storm(made);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(CLIENTS);
    expect(made.simulation.log.length).toBeLessThanOrEqual(CLIENTS * 2.5);
    expect(made.clock.now() - start).toBeLessThanOrEqual(5_000);
  });

  it("succeed after an outage that is over in 20 s", async () => {
    const made = await scenario();
    const end = made.simulation.faults.add({ path: "*", action: { kind: "drop", by: "reset" } });
    made.clock.after(20_000, end);
    const results = await storm(made);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(CLIENTS);
    expect(made.simulation.log.length).toBeLessThanOrEqual(CLIENTS * 4);
  });

  it("end in at most four tries each, typed, when nothing helps", async () => {
    const made = await scenario();
    made.simulation.faults.add({ path: "*", action: { kind: "answer", status: 502 } });
    const results = await storm(made);
    for (const result of results) {
      expect(result.status).toBe("rejected");
      expect(isTidegateError((result as PromiseRejectedResult).reason)).toBe(true);
    }
    expect(made.simulation.log.length).toBeLessThanOrEqual(CLIENTS * 4);
    expect(made.clock.pending).toBe(0);
  });

  it("are not called a thousand million seconds late", async () => {
    const made = await scenario();
    made.simulation.faults.add({
      path: "*",
      action: { kind: "answer", status: 429, retryAfter: 1_000_000_000 },
    });
    const start = made.clock.now();
    const error = await made.run(made.client.manifests.get(APP)).catch((e) => e);
    expect(error).toMatchObject({ code: "RATE_LIMITED" });
    expect(error.details.resetAt).toBe(start + 1_000_000_000_000);
    expect(made.clock.now()).toBe(start);
    expect(made.simulation.log).toHaveLength(1);
  });

  it("recover through the breaker after an outage", async () => {
    const made = await scenario();
    const end = made.simulation.faults.add({ path: "*", action: { kind: "drop", by: "reset" } });
    for (let i = 0; i < 3; i++) await made.run(made.client.manifests.get(APP).catch(() => {}));
    const asked = made.simulation.log.length;
    await expect(made.run(made.client.manifests.get(APP))).rejects.toMatchObject({
      code: "CIRCUIT_OPEN",
    });
    expect(made.simulation.log).toHaveLength(asked);
    end();
    await made.clock.advance(30_000);
    for (let i = 0; i < 3; i++) await made.run(made.client.manifests.get(APP));
    const circuit = made.events.map(({ type }) => type).filter((type) =>
      type.startsWith("circuit.")
    );
    expect(circuit.at(0)).toBe("circuit.opened");
    expect(circuit.at(-1)).toBe("circuit.closed");
  });
});

describe("a slow registry", () => {
  it.each([
    ["never sends headers", { kind: "drop", by: "stall" } as const, 121_000],
    ["stalls in the body", { kind: "stall", at: 10 } as const, 31_000],
  ])("that %s ends in a typed error in time", async (_, action, most) => {
    const made = await scenario();
    made.simulation.faults.add({ path: "*", action });
    const start = made.clock.now();
    await expect(made.run(made.client.manifests.get(APP))).rejects.toMatchObject({
      code: "NETWORK_TIMEOUT",
    });
    expect(made.clock.now() - start).toBeLessThanOrEqual(most);
    expect(made.clock.pending).toBe(0);
  });
});
