import { describe, expect, it } from "vitest";
import { createRegistryClient } from "../../../src/client/mod.ts";
import { buildImage, createSimulation } from "../../../src/simulation/mod.ts";
import {
  callbackSink,
  consoleEventSink,
  createEventBus,
  type DeliveriesState,
  durableDeliveries,
  memoryDeliveries,
  queueSink,
  type RegistryEvent,
  registryResolver,
  WebhookDeliveries,
} from "../../../src/webhook/mod.ts";
import { createHeldBytes } from "../../../src/webhook/held_bytes.ts";
import { createRateCap } from "../../../src/webhook/rate_cap.ts";
import { createTestClock } from "../../support/test_clock.ts";
import { createVirtualClock } from "../../support/virtual_clock.ts";
import { DIGEST } from "../../support/webhooks.ts";

const PUSHED: RegistryEvent = {
  ...{ type: "image.pushed", source: "test", registry: "ghcr.io", repository: "acme/app" },
  ...{ tag: "v1", digest: DIGEST, pusher: "robot", timestamp: 1 },
};
const DELETED: RegistryEvent = { ...PUSHED, type: "image.deleted" };

describe("createEventBus()", () => {
  it("hands each type to those that want it, and stops when told", async () => {
    const bus = createEventBus();
    const seen: string[] = [];
    const stop = bus.on("image.pushed", ({ digest }) => void seen.push(`pushed ${digest}`));
    bus.subscribe(({ type }) => void seen.push(type));
    await bus.publish(PUSHED);
    stop();
    expect(await bus.publish(DELETED)).toEqual({ delivered: 1, failed: 0 });
    await bus.publish(PUSHED);
    expect(seen).toEqual([`pushed ${DIGEST}`, "image.pushed", "image.deleted", "image.pushed"]);
  });

  it("keeps subscribers apart: throwing, rejecting, changing the event, never ending", async () => {
    const clock = createVirtualClock();
    const told: unknown[] = [];
    const bus = createEventBus({ clock, observer: (event) => void told.push(event) });
    const seen: RegistryEvent[] = [];
    bus.subscribe(() => {
      throw new RangeError("canary");
    });
    bus.subscribe(() => Promise.reject(new TypeError("canary")));
    bus.subscribe(() => new Promise(() => {}));
    bus.subscribe((event) => {
      (event as { repository: string }).repository = "evil";
    });
    bus.subscribe((event) => void seen.push(event));
    expect(await clock.run(bus.publish(PUSHED))).toEqual({ delivered: 1, failed: 4 });
    expect(seen).toEqual([PUSHED]);
    expect(told.map((event) => (event as { reason: string }).reason).sort()).toEqual([
      ...["NETWORK_TIMEOUT", "RangeError", "TypeError", "TypeError"],
    ]);
    expect(JSON.stringify(told)).not.toContain("canary");
  });
});

describe("sinks", () => {
  it("write lines, send messages, call functions", async () => {
    const lines: string[] = [];
    const messages: unknown[] = [];
    const types: string[] = [];
    await consoleEventSink({ write: (line) => void lines.push(line) })(PUSHED);
    await queueSink({ send: (...message) => Promise.resolve(messages.push(message)) })(PUSHED);
    const callback = callbackSink(({ type }) => void types.push(type), {
      types: ["image.deleted"],
    });
    await callback(PUSHED);
    await callback(DELETED);
    expect(lines.map((line) => JSON.parse(line))).toEqual([PUSHED]);
    expect(messages).toEqual([[PUSHED, { contentType: "json" }]]);
    expect(types).toEqual(["image.deleted"]);
  });
});

describe("registryResolver()", () => {
  it("asks by HEAD, and tells what is not there from what cannot be asked", async () => {
    const simulation = createSimulation();
    const registry = simulation.registry("registry.test");
    const image = await buildImage({ layers: [10] });
    registry.add("acme/app", { image, tags: ["v1"] });
    const client = createRegistryClient({
      fetch: simulation.fetch,
      transport: { retry: { attempts: 1 } },
    });
    const resolve = registryResolver(client, "registry.test");
    const { signal } = new AbortController();
    expect(await resolve("acme/app", "v1", signal)).toBe(image.digest);
    expect(await resolve("acme/app", image.digest, signal)).toBe(image.digest);
    expect(await resolve("acme/app", "v2", signal)).toBeUndefined();
    expect(new Set(simulation.log.map(({ method }) => method))).toEqual(new Set(["HEAD"]));
    const nowhere = registryResolver(client, "nowhere.test");
    await expect(nowhere("acme/app", "v1", signal)).rejects.toThrow();
    expect(() => registryResolver(client, "no/registry")).toThrow();
  });
});

describe("createRateCap()", () => {
  it("fills up again, no further than its burst", () => {
    const clock = createTestClock();
    const cap = createRateCap({ clock, perMinute: 60, burst: 2 });
    cap.take("a");
    cap.take("a");
    expect([cap.wait("a"), cap.wait("b")]).toEqual([1000, 0]);
    clock.advance(400);
    expect(cap.wait("a")).toBe(600);
    clock.advance(3_600_000);
    cap.take("a");
    cap.take("a");
    expect(cap.wait("a")).toBe(1000);
  });

  it("remembers no more sources than it may", () => {
    const cap = createRateCap({ clock: createTestClock(), perMinute: 1, burst: 1, maxSources: 2 });
    for (const source of ["a", "b", "c"]) cap.take(source);
    expect(["a", "b", "c"].map((source) => cap.wait(source) > 0)).toEqual([false, true, true]);
  });
});

describe("createHeldBytes()", () => {
  it("gives room back once, or when its time is over", () => {
    const clock = createTestClock();
    const held = createHeldBytes({ clock, most: 10, leaseMs: 1000 });
    const letGo = held.hold(6);
    expect(held.hold(5)).toBeUndefined();
    letGo?.();
    letGo?.();
    expect(held.hold(10)).toBeDefined();
    expect(held.hold(1)).toBeUndefined();
    clock.advance(1000);
    expect(held.hold(10)).toBeDefined();
  });
});

describe("memoryDeliveries()", () => {
  it("claims all keys or none, until they expire or are released", async () => {
    const clock = createTestClock();
    const store = memoryDeliveries({ clock });
    expect(await store.claim(["a", "b"])).toBe(true);
    expect(await store.claim(["b", "c"])).toBe(false);
    expect(await store.claim(["c"])).toBe(true);
    await store.release(["a", "b"]);
    expect(await store.claim(["a"])).toBe(true);
    clock.advance(3 * 24 * 60 * 60_000);
    expect(await store.claim(["a", "c"])).toBe(true);
  });
});

describe("WebhookDeliveries", () => {
  /** Storage in memory with the calls of the real one. */
  function openStorage(): DeliveriesState["storage"] & { readonly map: Map<string, unknown> } {
    const map = new Map<string, unknown>();
    let alarm: number | null = null;
    return {
      map,
      get: async (keys) => new Map([...map].filter(([key]) => keys.includes(key))),
      put: async (entries) =>
        Object.entries(entries).forEach(([key, value]) => map.set(key, value)),
      delete: async (keys) => keys.forEach((key) => map.delete(key)),
      list: async ({ limit, startAfter = "" }) =>
        new Map([...map].sort().filter(([key]) => key > startAfter).slice(0, limit)),
      getAlarm: async () => alarm,
      setAlarm: async (at) => void (alarm = at),
    };
  }

  it("claims, gives back, and forgets what is old", async () => {
    const storage = openStorage();
    const object = new WebhookDeliveries({ storage });
    const store = durableDeliveries({
      idFromName: () => "",
      get: () => ({ fetch: (url, init) => object.fetch(new Request(url, init)) }),
    });
    expect(await store.claim(["a", "b"])).toBe(true);
    expect(await store.claim(["b"])).toBe(false);
    await store.release(["b"]);
    expect(await store.claim(["b"])).toBe(true);
    for (let i = 0; i < 300; i++) storage.map.set(`old${i}`, 1);
    await object.alarm();
    expect([...storage.map.keys()]).toEqual(["a", "b"]);
    expect(await storage.getAlarm()).toBe(storage.map.get("a"));
  });
});
