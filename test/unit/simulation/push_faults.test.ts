import { describe, expect, it } from "vitest";
import { createSimulation, digestOf } from "../../../src/simulation/mod.ts";
import type { Fault, FaultAction } from "../../../src/simulation/mod.ts";
import { createTestClock, type TestClock } from "../../support/test_clock.ts";
import { pieces, pushBench, someBytes, withDigest } from "./push_support.ts";
import type { PushBench } from "./push_support.ts";

const BYTES = someBytes(10_000);
const DIGEST = await digestOf(BYTES);
const PATCH = { method: "PATCH", path: "/v2/a/blobs/uploads/*" };

async function faultBench(
  action: FaultAction,
  rest: Partial<Fault> = PATCH,
): Promise<PushBench & { location: string; range(): Promise<string | null> }> {
  const bench = pushBench();
  const location = await bench.open("a");
  bench.simulation.faults.add({ ...rest, first: 1, action });
  const range = async (): Promise<string | null> =>
    (await bench.send("GET", location)).headers.get("range");
  return { ...bench, location, range };
}

describe("faults: cut-request", () => {
  it.each([[1, "0-0"], [2500, "0-2499"], [-1, "0-9998"], [0, "0-0"]])(
    "at %i the registry keeps what came: %s",
    async (at, kept) => {
      const { send, location, range, simulation } = await faultBench({
        kind: "cut-request",
        at,
        by: "reset",
      });
      const parts = [BYTES.slice(0, 2000), BYTES.slice(2000, 7000), BYTES.slice(7000)];
      await expect(send("PATCH", location, pieces(parts))).rejects.toThrow(/was reset/);
      expect(simulation.log.at(-1)).toMatchObject({
        method: "PATCH",
        bodyBytes: at < 0 ? 10_000 + at : at,
        status: 0,
        outcome: "reset",
      });
      expect(await range()).toBe(kept);
      const start = at < 0 ? 10_000 + at : at;
      const end = await send("PUT", withDigest(location, DIGEST), {
        body: BYTES.slice(start),
        headers: { "content-range": `${start}-9999` },
      });
      expect(end.status).toBe(201);
    },
  );

  it("a place by chance is in the body", async () => {
    const { send, location, simulation } = await faultBench({
      kind: "cut-request",
      at: "random",
      by: "close",
    });
    await expect(send("PATCH", location, { body: BYTES })).rejects.toThrow(/was closed/);
    expect(simulation.log.at(-1)?.bodyBytes).toBeGreaterThan(0);
    expect(simulation.log.at(-1)?.bodyBytes).toBeLessThan(10_000);
  });

  it("the registry may throw away what came", async () => {
    const { send, location, range, registry } = await faultBench({
      kind: "cut-request",
      at: 2500,
      by: "close",
    });
    registry.configure({ push: { brokenBody: "discard" } });
    await expect(send("PATCH", location, { body: BYTES })).rejects.toThrow(TypeError);
    expect(await range()).toBe("0-0");
  });

  it("a body that ends before is whole", async () => {
    const { send, location } = await faultBench({ kind: "cut-request", at: 10_001, by: "close" });
    expect((await send("PATCH", location, { body: BYTES })).status).toBe(202);
  });

  it("a stall keeps what came, and ends with the caller's signal; the source is cancelled", async () => {
    const { send, location, range } = await faultBench({
      kind: "cut-request",
      at: 2500,
      by: "stall",
    });
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(BYTES.slice(0, 1000)),
      cancel: () => void (cancelled = true),
    });
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("enough")), 5);
    const init = { body, duplex: "half", signal: controller.signal } as RequestInit;
    await expect(send("PATCH", location, init)).rejects.toThrow("enough");
    expect([cancelled, await range()]).toEqual([true, "0-2499"]);
  });
});

describe("faults: drop", () => {
  it.each([[undefined, "0-9999", 10_000], [true, "0-0", 0]] as const)(
    "PATCH, unseen %s: Range %s afterwards",
    async (unseen, kept, bodyBytes) => {
      const action = { kind: "drop", by: "close", ...(unseen && { unseen }) } as const;
      const { send, location, range, simulation } = await faultBench(action);
      await expect(send("PATCH", location, { body: BYTES })).rejects.toThrow(TypeError);
      expect(simulation.log.at(-1)).toMatchObject({ bodyBytes, status: 0, outcome: "close" });
      expect(await range()).toBe(kept);
    },
  );

  it("a lost 201 of PUT: the blob is there, the upload is not", async () => {
    const { send, get, location } = await faultBench({ kind: "drop", by: "reset" }, {
      method: "PUT",
    });
    const put = withDigest(location, DIGEST);
    await expect(send("PUT", put, { body: BYTES })).rejects.toThrow(TypeError);
    expect((await get(`/v2/a/blobs/${DIGEST}`)).status).toBe(200);
    expect((await send("PUT", put, { body: BYTES })).status).toBe(404);
  });

  it("an unseen request's source is cancelled", async () => {
    const { send, location } = await faultBench({ kind: "drop", by: "close", unseen: true });
    const cancelled = new Promise<void>((resolve) => {
      const body = new ReadableStream({ cancel: () => resolve() });
      send("PATCH", location, { body, duplex: "half" } as RequestInit).catch(() => {});
    });
    await cancelled;
  });
});

/** A clock that tells when somebody has begun to wait. */
function delayClock(): TestClock & { readonly waiting: Promise<void> } {
  const clock = createTestClock();
  const { promise, resolve } = Promise.withResolvers<void>();
  const sleep: TestClock["sleep"] = (...args) => {
    resolve();
    return clock.sleep(...args);
  };
  return { ...clock, sleep, waiting: promise };
}

describe("faults: delay", () => {
  it("before commit: the bytes are here, the blob is not yet; before answer: it is", async () => {
    for (const before of ["commit", "answer"] as const) {
      const clock = delayClock();
      const simulation = createSimulation({ clock });
      const registry = simulation.registry("registry.test", { push: {} });
      simulation.faults.add({ action: { kind: "delay", ms: 1000, before } });
      const url = `https://registry.test/v2/a/blobs/uploads/?digest=${DIGEST}`;
      const answer = simulation.fetch(new Request(url, { method: "POST", body: BYTES }));
      await clock.waiting;
      expect(simulation.log[0]).toMatchObject({ bodyBytes: 10_000, outcome: "open" });
      expect(registry.repository("a").blobs.has(DIGEST)).toBe(before === "answer");
      clock.advance(1000);
      expect((await answer).status).toBe(201);
      expect(registry.repository("a").blobs.has(DIGEST)).toBe(true);
    }
  });

  it("a caller who leaves while the registry waits does not undo the commit", async () => {
    const clock = delayClock();
    const simulation = createSimulation({ clock });
    const registry = simulation.registry("registry.test", { push: {} });
    simulation.faults.add({ action: { kind: "delay", ms: 1000, before: "commit" } });
    const url = `https://registry.test/v2/a/blobs/uploads/?digest=${DIGEST}`;
    const leaving = new AbortController();
    const request = new Request(url, { method: "POST", body: BYTES, signal: leaving.signal });
    const left = expect(simulation.fetch(request)).rejects.toMatchObject({ name: "AbortError" });
    await clock.waiting;
    leaving.abort();
    await left;
    clock.advance(1000);
    await expect.poll(() => registry.repository("a").blobs.has(DIGEST)).toBe(true);
    await expect.poll(() => simulation.log[0]?.outcome).toBe("cancelled");
  });
});

describe("faults: other answers", () => {
  it("an answer instead of the host's stores nothing, but the log has the body", async () => {
    const { send, location, range, simulation } = await faultBench({ kind: "answer", status: 503 });
    expect((await send("PATCH", location, { body: BYTES })).status).toBe(503);
    expect(simulation.log.at(-1)).toMatchObject({ status: 503, bodyBytes: 10_000 });
    expect(await range()).toBe("0-0");
  });

  it("an early answer does not wait for the body; its source is cancelled", async () => {
    const { send, location, simulation } = await faultBench({
      kind: "answer",
      status: 413,
      early: true,
    });
    let cancelled = false;
    const body = new ReadableStream({ cancel: () => void (cancelled = true) });
    const { status } = await send("PATCH", location, { body, duplex: "half" } as RequestInit);
    expect([status, cancelled, simulation.log.at(-1)?.bodyBytes]).toEqual([413, true, 0]);
  });

  it("the log keeps so much of a body as it is told", async () => {
    const simulation = createSimulation({ keptBodyBytes: 100 });
    simulation.trap("t.test");
    const init = { method: "PUT", ...pieces([BYTES.slice(0, 60), BYTES.slice(60)]) };
    await simulation.fetch(new Request("https://t.test/", init));
    expect(simulation.log[0]?.bodyBytes).toBe(10_000);
    expect(simulation.log[0]?.body).toEqual(BYTES.slice(0, 100));
  });
});
