import { describe, expect, it } from "vitest";
import {
  type RegistryRequest,
  type RegistryResponse,
  TidegateError,
} from "../../../src/core/mod.ts";
import type { TidegateEvent } from "../../../src/observability/mod.ts";
import { withBreaker } from "../../../src/transport/breaker.ts";
import { answer, blobRequest, testSettings, UPSTREAM } from "../../support/transport.ts";
import { createVirtualClock } from "../../support/virtual_clock.ts";

/** A breaker before something that does as it is told. */
function setup(): {
  clock: ReturnType<typeof createVirtualClock>;
  events: string[];
  reset: () => void;
  call: (
    outcome: RegistryResponse | Error,
    request?: Partial<RegistryRequest>,
  ) => Promise<number | string>;
} {
  const clock = createVirtualClock();
  const events: string[] = [];
  const settings = testSettings(clock, {
    observer: (event: TidegateEvent) => void events.push(event.type),
  });
  const layer = withBreaker(settings);
  return {
    clock,
    events,
    reset: () => settings.state.reset(UPSTREAM.origin),
    call: (outcome, request = {}) =>
      layer(() => outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve(outcome))(
        { ...blobRequest(), ...request },
      ).then(({ status }) => status, (error: TidegateError) => error.code),
  };
}

function broken(origin: string): TidegateError {
  return new TidegateError("NETWORK_ERROR", "The connection broke", { origin, reason: "x" });
}

describe("withBreaker()", () => {
  it("opens after five failures in a row, fails fast, probes after 30 s and closes", async () => {
    const { clock, events, call } = setup();
    for (let i = 0; i < 4; i++) await call(answer(502));
    await call(broken(UPSTREAM.origin));
    expect(await call(answer(200))).toBe("CIRCUIT_OPEN");
    await clock.advance(30_000);
    expect(await call(answer(200))).toBe(200);
    expect(await call(answer(200))).toBe(200);
    expect(events).toEqual([
      "circuit.opened",
      "circuit.half_opened",
      "circuit.half_opened",
      "circuit.closed",
    ]);
  });

  it.each([200, 401, 404, 429, 501])("never opens on %i", async (status) => {
    const { call } = setup();
    for (let i = 0; i < 20; i++) expect(await call(answer(status))).toBe(status);
  });

  it.each(["PUT", "POST", "PATCH", "DELETE"] as const)(
    "never opens on what one %s makes the registry choke on, but where no read works",
    async (method) => {
      const { call } = setup();
      for (let i = 0; i < 20; i++) expect(await call(answer(500), { method })).toBe(500);
      for (let i = 0; i < 5; i++) expect(await call(answer(500))).toBe(500);
      expect(await call(answer(500), { method })).toBe("CIRCUIT_OPEN");
    },
  );

  it("blames the upstream for no other origin's failures", async () => {
    const { call } = setup();
    for (let i = 0; i < 20; i++) {
      await call(broken("https://cdn.test"));
      await call(answer(503, {}, "", "https://cdn.test/blob"));
    }
    expect(await call(answer(200))).toBe(200);
  });

  it("takes an abort for no failure", async () => {
    const { call } = setup();
    for (let i = 0; i < 20; i++) await call(new DOMException("gone", "AbortError"));
    expect(await call(answer(200))).toBe(200);
  });

  it("can be closed by hand", async () => {
    const { call, reset } = setup();
    for (let i = 0; i < 5; i++) await call(answer(500));
    reset();
    expect(await call(answer(200))).toBe(200);
  });
});
