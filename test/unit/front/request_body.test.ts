import { describe, expect, it } from "vitest";
import type { DoorRequest } from "../../../src/front/door_request.ts";
import { readRequestBody } from "../../../src/front/request_body.ts";
import { createTestClock, type TestClock } from "../../support/test_clock.ts";

type Body = ReadableStream<Uint8Array> | string | null;

/** As much of a request on its way through the door as reading its body takes. */
function doorRequest(
  body: Body,
  { headers = {}, clock = createTestClock(), signal }: {
    readonly headers?: Record<string, string>;
    readonly clock?: TestClock;
    readonly signal?: AbortSignal;
  } = {},
): DoorRequest {
  const init = { method: "PUT", body, headers, signal: signal ?? null, duplex: "half" };
  const request = new Request("https://door.test/", init);
  return { request, services: { clock } } as unknown as DoorRequest;
}

function streamOf(...pieces: readonly string[]): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start(controller): void {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
      controller.close();
    },
  });
}

const text = (read: Uint8Array | string): string =>
  typeof read === "string" ? read : new TextDecoder().decode(read);

describe("readRequestBody()", () => {
  it("reads a body up to its cap", async () => {
    expect(text(await readRequestBody(doorRequest(streamOf("ab", "cd")), 4))).toBe("abcd");
    expect(await readRequestBody(doorRequest(null), 4)).toEqual(new Uint8Array(0));
  });

  it("refuses a byte more, whether it was announced or not", async () => {
    expect(await readRequestBody(doorRequest(streamOf("ab", "cde")), 4)).toBe("requestTooLarge");
    let isPulled = false;
    const body = new ReadableStream<Uint8Array>({ pull: () => void (isPulled = true) }, {
      highWaterMark: 0,
    });
    const announced = doorRequest(body, { headers: { "content-length": "5" } });
    expect(await readRequestBody(announced, 4)).toBe("requestTooLarge");
    expect(isPulled).toBe(false);
  });

  it.each(["3", "1", "x", "-1"])("refuses 2 bytes of which %s were announced", async (length) => {
    const door = doorRequest(streamOf("ab"), { headers: { "content-length": length } });
    expect(await readRequestBody(door, 4)).toBe("requestBroken");
  });

  it("refuses a body that breaks off", async () => {
    const body = new ReadableStream<Uint8Array>({ pull: (c) => c.error(new Error("reset")) });
    expect(await readRequestBody(doorRequest(body), 4)).toBe("requestBroken");
  });

  it("waits 30 s for the next bytes, and no longer", async () => {
    const clock = createTestClock();
    const body = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => {}) });
    const read = readRequestBody(doorRequest(body, { clock }), 4);
    clock.advance(29_999);
    expect(await Promise.race([read, Promise.resolve("waits")])).toBe("waits");
    clock.advance(1);
    expect(await read).toBe("requestTimeout");
  });

  it("ends with the caller", async () => {
    const caller = new AbortController();
    const body = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => {}) });
    const read = readRequestBody(doorRequest(body, { signal: caller.signal }), 4);
    caller.abort(new Error("gone"));
    await expect(read).rejects.toThrow();
  });
});
