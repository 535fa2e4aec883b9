import { describe, expect, it } from "vitest";
import type { RegistryResponse, Send } from "../../../src/core/mod.ts";
import { withThrottle } from "../../../src/transport/throttle.ts";
import { answer, blobRequest, testSettings, UPSTREAM } from "../../support/transport.ts";
import { createVirtualClock } from "../../support/virtual_clock.ts";

const ORIGIN = UPSTREAM.origin;
const LIMITS = { concurrency: 6, smallReserve: 1, queueMs: 1_000 };

describe("withThrottle()", () => {
  it("holds a slot until the body is released", async () => {
    const clock = createVirtualClock();
    const send = withThrottle(testSettings(clock, { throttle: { ...LIMITS, concurrency: 1 } }))(
      () => Promise.resolve(answer(200)),
    );
    const first = await send(blobRequest());
    let isSecond = false;
    const second = send(blobRequest()).then((response) => {
      isSecond = true;
      return response;
    });
    await clock.advance(10);
    expect(isSecond).toBe(false);
    first.release();
    first.release();
    (await second).release();
    expect(clock.pending).toBe(0);
  });

  it("lets a manifest through while blobs hold every slot", async () => {
    const clock = createVirtualClock();
    const send = withThrottle(testSettings(clock, { throttle: LIMITS }))(() =>
      Promise.resolve(answer(200))
    );
    for (let i = 0; i < 6; i++) await send(blobRequest());
    expect((await send(blobRequest({ kind: "manifest" }))).status).toBe(200);
  });

  it("lets uploads through while pulls hold every slot, and bounds them, too", async () => {
    const clock = createVirtualClock();
    const send = withThrottle(testSettings(clock, { throttle: LIMITS }))(() =>
      Promise.resolve(answer(200))
    );
    for (let i = 0; i < 6; i++) await send(blobRequest());
    const chunk = blobRequest({ kind: "upload", method: "PATCH" });
    for (let i = 0; i < 6; i++) expect((await send(chunk)).status).toBe(200);
    await expect(clock.run(send(chunk))).rejects.toMatchObject({ details: { phase: "queue" } });
  });

  it("gives the slot back by itself when there is no body", async () => {
    const clock = createVirtualClock();
    const send = withThrottle(testSettings(clock, { throttle: LIMITS }))(() =>
      Promise.resolve(answer(200, {}, null))
    );
    for (let i = 0; i < 100; i++) await send(blobRequest());
  });

  it("fails with phase queue when no slot frees up in time", async () => {
    const clock = createVirtualClock();
    const send = withThrottle(testSettings(clock, { throttle: { ...LIMITS, concurrency: 1 } }))(
      () => Promise.resolve(answer(200)),
    );
    const held = await send(blobRequest());
    await expect(clock.run(send(blobRequest()))).rejects.toMatchObject({
      code: "NETWORK_TIMEOUT",
      details: { phase: "queue", milliseconds: 1_000 },
    });
    held.release();
    expect((await send(blobRequest())).status).toBe(200);
  });

  it("leaks no slot in 10,000 pulls that are cancelled, fail or end early", async () => {
    const clock = createVirtualClock();
    let inFlight = 0;
    let most = 0;
    const next: Send = async (request) => {
      most = Math.max(most, ++inFlight);
      await Promise.resolve();
      inFlight--;
      if (/\/\d*0$/.test(request.url)) throw new Error("failed");
      return answer(200);
    };
    const send = withThrottle(testSettings(clock, { throttle: LIMITS }))(next);
    const pull = async (i: number): Promise<void> => {
      const controller = new AbortController();
      const request = blobRequest({ url: `${ORIGIN}/${i}`, signal: controller.signal });
      const sent = send(request);
      if (i % 3 === 1) controller.abort(new Error("cancelled"));
      const response = await sent;
      if (i % 3 === 2) controller.abort(new Error("cancelled while reading"));
      else response.release();
    };
    await clock.run(
      (async () => {
        for (let i = 0; i < 10_000; i += 100) {
          const batch = Array.from({ length: 100 }, (_, k) => pull(i + k).catch(() => {}));
          await Promise.all(batch);
        }
      })(),
    );
    expect(most).toBeLessThanOrEqual(6);
    const held: RegistryResponse[] = [];
    for (let i = 0; i < 6; i++) held.push(await send(blobRequest({ url: `${ORIGIN}/again` })));
    expect(held).toHaveLength(6);
    for (const response of held) response.release();
    expect(clock.pending).toBe(0);
  });
});
