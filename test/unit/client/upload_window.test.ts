import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { openSource } from "../../../src/client/blob_source.ts";
import { createUploadWindow, type UploadWindow } from "../../../src/client/upload_window.ts";
import { systemClock } from "../../../src/core/mod.ts";
import { createHasher, wasmHasher } from "../../../src/hash/mod.ts";

const BYTES = Uint8Array.from({ length: 5000 }, (_, i) => (i * 31) % 253);

function sliced(bytes: Uint8Array<ArrayBuffer>, piece = 700): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream<Uint8Array>({
    pull(controller): void {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at += piece));
    },
  });
}

function windowOf(bytes: Uint8Array<ArrayBuffer>, size?: number): UploadWindow {
  const slice = (start: number): ReadableStream<Uint8Array> => sliced(bytes.subarray(start));
  return createUploadWindow({
    source: openSource({ slice }, systemClock),
    ...{ size, algorithm: "sha256", createHasher: wasmHasher, signal: undefined },
  });
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** The digest that a saved hash gives. */
function digestOf(state: Uint8Array | undefined): string {
  const hasher = wasmHasher("sha256");
  hasher.importState(state ?? new Uint8Array());
  return Buffer.from(hasher.digest()).toString("hex");
}

describe("createUploadWindow()", () => {
  it("gives every byte once, however much is read ahead and taken", async () => {
    const steps = fc.array(
      fc.record({
        limit: fc.integer({ min: 1, max: 2000 }),
        ahead: fc.integer({ min: 0, max: 2000 }),
        taken: fc.integer({ min: 0, max: 2000 }),
      }),
      { minLength: 1 },
    );
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), async (steps, knowsSize) => {
        const window = windowOf(BYTES, knowsSize ? BYTES.length : undefined);
        const got: number[] = [];
        for (let i = 0; !(window.isLast && window.length === 0); i++) {
          const { limit = 1, ahead = 0, taken = 0 } = steps[i % steps.length] ?? {};
          await window.fill(limit);
          if (ahead > 0) window.readAhead(ahead);
          const bytes = window.bytes(i < 50 ? taken : Infinity).slice();
          expect(digestOf(window.state()))
            .toBe(sha256(BYTES.subarray(0, window.start + window.length)));
          got.push(...bytes);
          window.drop(bytes.length);
          expect(window.start).toBe(got.length);
        }
        expect(Uint8Array.from(got)).toEqual(BYTES);
        expect(await window.digest()).toBe(`sha256:${sha256(BYTES)}`);
      }),
      { numRuns: 60 },
    );
  });

  it.each([["that is saved", wasmHasher], ["that is copied", createHasher]] as const)(
    "gives every byte once as it is taken, back from the mark and before it, with a hash %s",
    async (_, createHasher) => {
      const steps = fc.array(
        fc.record({
          limit: fc.integer({ min: 1, max: 900 }),
          marks: fc.boolean(),
          back: fc.option(fc.integer({ min: 0, max: 1200 }), { nil: undefined, freq: 3 }),
        }),
        { minLength: 1, maxLength: 30 },
      );
      await fc.assert(
        fc.asyncProperty(steps, async (steps) => {
          const opened: number[] = [];
          const slice = (start: number): ReadableStream<Uint8Array> => {
            opened.push(start);
            return sliced(BYTES.subarray(start));
          };
          const source = openSource({ slice }, systemClock);
          const options = { source, size: BYTES.length, createHasher, signal: undefined } as const;
          const window = createUploadWindow({ ...options, algorithm: "sha256" });
          const got = new Uint8Array(BYTES.length);
          let marked = 0;
          const take = async (limit: number): Promise<void> => {
            const { start } = window;
            got.set(await window.take(limit), start);
          };
          for (const { limit, marks, back } of steps) {
            if (marks && window.mark()) marked = window.start;
            if (!window.isLast) await take(limit);
            if (back === undefined) continue;
            const offset = Math.max(0, window.start - back);
            await window.seek(offset);
            expect(window.start).toBe(offset);
            await window.fill(1);
            expect(opened.at(-1)).toBe(offset < marked ? 0 : marked);
            await window.seek(offset);
          }
          while (!window.isLast) await take(600);
          expect(got).toEqual(BYTES);
          expect(await window.digest()).toBe(`sha256:${sha256(BYTES)}`);
        }),
        { numRuns: 60 },
      );
    },
  );

  it("keeps what was taken as it is until a few more pieces are", async () => {
    const window = windowOf(BYTES, BYTES.length);
    const pieces = [await window.take(500), await window.take(500), await window.take(500)];
    await window.take(500);
    pieces.forEach((piece, i) => expect(piece).toEqual(BYTES.slice(500 * i, 500 * (i + 1))));
  });

  it("goes elsewhere while it reads ahead", async () => {
    const window = windowOf(BYTES, BYTES.length);
    await window.fill(1000);
    window.readAhead(3000);
    await window.seek(300);
    expect([window.start, window.length]).toEqual([300, 0]);
    await window.fill(BYTES.length);
    expect(window.bytes(BYTES.length)).toEqual(BYTES.slice(300));
    expect(await window.digest()).toBe(`sha256:${sha256(BYTES)}`);
  });

  it("does not wait for a source that never ends being cancelled", async () => {
    const slice = (start: number): ReadableStream<Uint8Array> =>
      new ReadableStream({
        pull: (controller) => controller.enqueue(BYTES.slice(start, start + 100)),
        cancel: () => new Promise(() => {}),
      });
    const window = createUploadWindow({
      source: openSource({ slice }, systemClock),
      ...{ size: undefined, algorithm: "sha256", createHasher: wasmHasher, signal: undefined },
    });
    await window.fill(100);
    window.readAhead(100);
    await window.seek(0);
    await window.fill(100);
    expect(window.bytes(100)).toEqual(BYTES.slice(0, 100));
  }, 2000);

  it("tells of what went wrong ahead when that is asked for", async () => {
    const code = "BLOB_SIZE_MISMATCH";
    for (const size of [3000, 7000]) {
      const window = windowOf(BYTES, size);
      await window.fill(2000);
      window.readAhead(9000);
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(window.bytes(2000)).toEqual(BYTES.slice(0, 2000));
      window.drop(2000);
      await expect(window.fill(9000)).rejects.toMatchObject({ code });
    }
  });
});
