import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { type RegistryResponse, type Send, TidegateError } from "../../../src/core/mod.ts";
import { withRetry } from "../../../src/transport/retry.ts";
import {
  answer,
  blobRequest,
  fixedRandom,
  testSettings,
  UPSTREAM,
} from "../../support/transport.ts";
import { createVirtualClock } from "../../support/virtual_clock.ts";

const ORIGIN = UPSTREAM.origin;

function networkError(): TidegateError {
  return new TidegateError("NETWORK_ERROR", "The connection broke", {
    origin: ORIGIN,
    reason: "x",
  });
}

/** Sends what a script says, one entry a try; the last entry repeats. */
function scripted(script: readonly (RegistryResponse | Error)[]): ReturnType<typeof vi.fn<Send>> {
  let index = 0;
  return vi.fn<Send>(() => {
    const entry = script[Math.min(index++, script.length - 1)] as RegistryResponse | Error;
    return entry instanceof Error ? Promise.reject(entry) : Promise.resolve(entry);
  });
}

describe("withRetry()", () => {
  it.each([408, 425, 429, 499, 500, 502, 503, 504, 520, 521, 522, 523, 524, 530])(
    "repeats a GET after %i and gives its slot back",
    async (status) => {
      const clock = createVirtualClock();
      const failed = answer(status);
      const send = scripted([failed, answer(200)]);
      const response = await clock.run(withRetry(testSettings(clock))(send)(blobRequest()));
      expect(response.status).toBe(200);
      expect(failed.releases).toBe(1);
    },
  );

  it.each([400, 401, 403, 404, 416, 501])("returns %i at once", async (status) => {
    const clock = createVirtualClock();
    const send = scripted([answer(status)]);
    const response = await clock.run(withRetry(testSettings(clock))(send)(blobRequest()));
    expect(response.status).toBe(status);
    expect(send).toHaveBeenCalledTimes(1);
  });

  it.each([[2_000, 2], [120_000, 1]])(
    "asks no limited token endpoint again before its time: in %i ms, %i tries",
    async (wait, tries) => {
      const clock = createVirtualClock();
      const from = clock.now();
      const limited = new TidegateError("RATE_LIMITED", "The token endpoint answered 429", {
        ...{ status: 429, origin: "https://auth.test", diagnostics: [] },
        resetAt: from + wait,
      });
      const send = scripted([limited, answer(200)]);
      const sent = withRetry(testSettings(clock, { random: fixedRandom(0) }))(send)(blobRequest());
      const outcome = await clock.run(sent.catch((error: unknown) => error));
      expect(send).toHaveBeenCalledTimes(tries);
      if (tries === 1) expect(outcome).toBe(limited);
      else expect(clock.now() - from).toBe(wait);
    },
  );

  it("repeats after a network error and throws the last one when tries run out", async () => {
    const clock = createVirtualClock();
    const send = scripted([networkError()]);
    const sent = withRetry(testSettings(clock))(send)(blobRequest());
    await expect(clock.run(sent)).rejects.toMatchObject({ code: "NETWORK_ERROR" });
    expect(send).toHaveBeenCalledTimes(4);
    expect(clock.pending).toBe(0);
  });

  it("returns the last answer as it came when tries run out", async () => {
    const clock = createVirtualClock();
    const last = answer(503, {}, "why");
    const send = scripted([answer(503), answer(503), answer(503), last]);
    const response = await clock.run(withRetry(testSettings(clock))(send)(blobRequest()));
    expect(await new Response(response.body).text()).toBe("why");
  });

  it.each(["POST", "PATCH"] as const)("never repeats a %s blindly", async (method) => {
    const clock = createVirtualClock();
    const layer = withRetry(testSettings(clock));
    const failing = scripted([answer(503), answer(200)]);
    expect((await clock.run(layer(failing)(blobRequest({ method })))).status).toBe(503);
    const breaking = scripted([networkError(), answer(200)]);
    await expect(clock.run(layer(breaking)(blobRequest({ method })))).rejects.toThrow();
    const limited = scripted([answer(429), answer(202)]);
    expect((await clock.run(layer(limited)(blobRequest({ method })))).status).toBe(202);
  });

  it("never repeats a stream", async () => {
    const clock = createVirtualClock();
    const send = scripted([answer(429), answer(201)]);
    const request = blobRequest({ method: "PUT", body: new ReadableStream() });
    expect((await clock.run(withRetry(testSettings(clock))(send)(request))).status).toBe(429);
  });

  it("waits for Retry-After, never early, in seconds and as a date", async () => {
    for (const value of ["7", new Date(Date.UTC(2026, 0, 1, 0, 0, 7)).toUTCString()]) {
      const clock = createVirtualClock();
      const start = clock.now();
      const at: number[] = [];
      const script = scripted([answer(429, { "retry-after": value }), answer(200)]);
      const send: Send = (request) => (at.push(clock.now() - start), script(request));
      await clock.run(withRetry(testSettings(clock))(send)(blobRequest()));
      expect(at[1]).toBeGreaterThanOrEqual(7_000);
      expect(at[1]).toBeLessThanOrEqual(7_000 * 1.2);
    }
  });

  it("gives a longer Retry-After than the cap to the caller at once", async () => {
    const clock = createVirtualClock();
    const start = clock.now();
    const send = scripted([answer(429, { "retry-after": "1000000000" })]);
    const response = await clock.run(withRetry(testSettings(clock))(send)(blobRequest()));
    expect([response.status, clock.now() - start]).toEqual([429, 0]);
  });

  it("holds other requests to the host back while a 429 asks for quiet", async () => {
    const clock = createVirtualClock();
    const start = clock.now();
    const settings = testSettings(clock);
    const at: number[] = [];
    const limited = withRetry(settings)(
      scripted([answer(429, { "retry-after": "5" }), answer(200)]),
    );
    const other = withRetry(settings)(() => {
      at.push(clock.now() - start);
      return Promise.resolve(answer(200));
    });
    const first = limited(blobRequest());
    await clock.advance(1);
    await clock.run(Promise.all([first, other(blobRequest())]));
    expect(at[0]).toBeGreaterThanOrEqual(5_000);
  });

  it("ends a try that outlives the total budget with phase total", async () => {
    const clock = createVirtualClock();
    const hanging: Send = ({ signal }) =>
      new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    const sent = withRetry(testSettings(clock))(hanging)(blobRequest());
    await expect(clock.run(sent)).rejects.toMatchObject({
      code: "NETWORK_TIMEOUT",
      details: { phase: "total", milliseconds: 120_000 },
    });
  });

  it("ends the wait of an upload of unknown length with the total: no body is sent in it", async () => {
    const clock = createVirtualClock();
    const start = clock.now();
    const settings = testSettings(clock);
    settings.state.quietUntil.set(ORIGIN, start + 300_000);
    const send = scripted([answer(202)]);
    const sent = withRetry(settings)(send)(
      blobRequest({ method: "PATCH", body: new ReadableStream() }),
    );
    await expect(clock.run(sent)).rejects.toMatchObject({
      code: "NETWORK_TIMEOUT",
      details: { origin: ORIGIN, phase: "total", milliseconds: 120_000 },
    });
    expect([clock.now() - start, send.mock.calls.length]).toEqual([120_000, 0]);
  });

  it("rejects with the caller's reason when aborted in a wait", async () => {
    const clock = createVirtualClock();
    const controller = new AbortController();
    const send = scripted([answer(503)]);
    const sent = withRetry(testSettings(clock, { random: fixedRandom(0.99) }))(send)(
      blobRequest({ signal: controller.signal }),
    );
    sent.catch(() => {});
    await clock.advance(1);
    controller.abort(new Error("enough"));
    await expect(sent).rejects.toThrow("enough");
    expect(clock.pending).toBe(0);
  });

  it("waits once for a circuit that opened under it, then says what opened it", async () => {
    const clock = createVirtualClock();
    const start = clock.now();
    const open: Send = () =>
      Promise.reject(
        new TidegateError("CIRCUIT_OPEN", "Suspended", {
          origin: ORIGIN,
          retryAt: clock.now() + 30_000,
        }),
      );
    const failing = scripted([answer(502)]);
    const send: Send = (request) =>
      failing.mock.calls.length === 0 ? failing(request) : open(request);
    const response = await clock.run(withRetry(testSettings(clock))(send)(blobRequest()));
    expect(response.status).toBe(502);
    expect(clock.now() - start).toBeGreaterThanOrEqual(30_000);
    expect(clock.now() - start).toBeLessThan(31_000);
  });

  it("fails at once when the circuit was open before", async () => {
    const clock = createVirtualClock();
    const open = new TidegateError("CIRCUIT_OPEN", "Suspended", { origin: ORIGIN, retryAt: 1 });
    const sent = withRetry(testSettings(clock))(scripted([open]))(blobRequest());
    await expect(sent).rejects.toMatchObject({ code: "CIRCUIT_OPEN" });
  });

  it("keeps every promise for any storm: tries, times, repeats", async () => {
    const event = fc.record({
      status: fc.constantFrom(200, 404, 408, 429, 500, 503, 524, 0),
      retryAfter: fc.option(fc.constantFrom("0", "1", "59", "61", "999999999", "nonsense")),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { minLength: 1, maxLength: 8 }),
        fc.nat(99),
        async (events, n) => {
          const clock = createVirtualClock();
          const start = clock.now();
          const calls: number[] = [];
          let notBefore = 0;
          let early = 0;
          const send: Send = () => {
            if (clock.now() - start < notBefore) early++;
            const { status, retryAfter } = events[Math.min(calls.length, events.length - 1)] ??
              { status: 200, retryAfter: null };
            calls.push(clock.now() - start);
            if (status === 0) return Promise.reject(networkError());
            notBefore = clock.now() - start +
              Number(/^\d+$/.test(retryAfter ?? "") ? retryAfter : 0) * 1000;
            return Promise.resolve(
              answer(status, retryAfter === null ? {} : { "retry-after": retryAfter }),
            );
          };
          const settings = testSettings(clock, { random: fixedRandom(n / 100) });
          await clock.run(withRetry(settings)(send)(blobRequest()).catch(() => {}));
          expect(early).toBe(0);
          expect(calls.length).toBeLessThanOrEqual(4);
          expect(clock.now() - start).toBeLessThanOrEqual(120_000);
          expect(clock.pending).toBe(0);
        },
      ),
      { numRuns: 150 },
    );
  });
});
