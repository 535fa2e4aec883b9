import { describe, expect, it } from "vitest";
import { type TidegateError } from "../../src/core/mod.ts";
import type { Fault, FaultAction } from "../../src/simulation/mod.ts";
import { APP, createScenario, noise } from "../support/client_scenario.ts";

const SIZES = [0, 1, 1000, 65_536, 65_537, 300_000];
const BLOBS = { path: "*/blobs/*" };

/** Read a stream to its end, or to its error. */
async function drain(
  stream: ReadableStream<Uint8Array>,
): Promise<{ bytes: number; error?: TidegateError }> {
  let bytes = 0;
  try {
    for await (const chunk of stream) bytes += chunk.length;
    return { bytes };
  } catch (error) {
    return { bytes, error: error as TidegateError };
  }
}

describe("blobs.get()", () => {
  it.each(SIZES)("gives %i bytes by bytes(), stream and pipeTo(), verified", async (size) => {
    const { blob, client, run } = createScenario();
    const bytes = noise(size);
    const digest = await blob(bytes);
    const whole = await run(client.blobs.get(APP, digest));
    expect(whole).toMatchObject({ size, digest, range: undefined });
    expect(Buffer.compare(await run(whole.bytes()), bytes)).toBe(0);
    await whole.verified;

    const streamed = await run(client.blobs.get(APP, digest));
    expect(await run(drain(streamed.stream))).toEqual({ bytes: size });
    await streamed.verified;

    const piped = await run(client.blobs.get(APP, digest));
    const calls: string[] = [];
    await run(piped.pipeTo({
      write: (chunk) => Promise.resolve(void calls.push(`${chunk.length}`)),
      close: () => Promise.resolve(void calls.push("close")),
      abort: () => Promise.resolve(void calls.push("abort")),
    }));
    expect(calls.at(-1)).toBe("close");
    await piped.verified;
  });

  const faults: [string, FaultAction, string][] = [
    ["the first bit flipped", { kind: "flip", at: 0, bit: 7 }, "DIGEST_MISMATCH"],
    ["a bit in the middle flipped", { kind: "flip", at: 150_000 }, "DIGEST_MISMATCH"],
    ["the last bit flipped", { kind: "flip", at: 299_999, bit: 0 }, "DIGEST_MISMATCH"],
    ["its end cut off honestly", { kind: "truncate", at: 299_999 }, "DIGEST_MISMATCH"],
    ["nothing in it", { kind: "truncate", at: 0 }, "DIGEST_MISMATCH"],
    ["a byte too many", { kind: "lengthen", bytes: 1 }, "DIGEST_MISMATCH"],
    ["a segment repeated", { kind: "duplicate", at: 1000, bytes: 64 }, "DIGEST_MISMATCH"],
    ["other bytes of the same length", { kind: "replace" }, "DIGEST_MISMATCH"],
  ];
  it.each(faults)("never ends with %s", async (_, action, code) => {
    for (const also of [undefined, { kind: "frame", by: "chunked" }] as const) {
      const { blob, client, run, simulation } = createScenario();
      const digest = await blob(noise(300_000));
      simulation.faults.add({ ...BLOBS, action: also ? [action, also] : action });
      const pulled = await run(client.blobs.get(APP, digest));
      const { bytes, error } = await run(drain(pulled.stream));
      expect(error?.code).toBe(code);
      expect(bytes).toBeLessThan(300_000);
      await expect(pulled.verified).rejects.toMatchObject({ code });
    }
  });

  it("never takes a body for whole that ends with its connection", async () => {
    const { blob, client, run, simulation } = createScenario();
    const digest = await blob(noise(300_000));
    simulation.faults.add({
      ...BLOBS,
      action: [{ kind: "frame", by: "until-close" }, { kind: "cut", by: "close", at: 200_000 }],
    });
    const pulled = await run(client.blobs.get(APP, digest));
    expect((await run(drain(pulled.stream))).error?.name).toBe("TidegateError");
  });

  it("compares the size with the descriptor's before a byte is read", async () => {
    const { blob, client, run } = createScenario();
    const digest = await blob(noise(1000));
    await expect(run(client.blobs.get(APP, digest, { size: 1001 }))).rejects.toMatchObject({
      code: "BLOB_SIZE_MISMATCH",
      details: { expected: 1001, actual: 1000 },
    });
  });

  it("refuses an encoded blob", async () => {
    const { blob, client, registry, run } = createScenario();
    const digest = await blob(noise(1000));
    registry.configure({ quirks: { gzipBlobs: true } });
    await expect(run(client.blobs.get(APP, digest))).rejects.toMatchObject({
      code: "INVALID_RESPONSE",
    });
  });

  it("checks the digest before any request", async () => {
    const { client, run, simulation } = createScenario();
    for (const digest of ["", "sha256:abc", `sha256:${"A".repeat(64)}`, `md5:${"a".repeat(32)}`]) {
      await expect(run(client.blobs.get(APP, digest))).rejects.toMatchObject({
        name: "TidegateError",
      });
    }
    expect(simulation.log).toHaveLength(0);
  });

  it("hands out a verified range: the whole is hashed, one bit outside of it counts", async () => {
    const bytes = noise(300_000);
    const ranges = [[0, 0], [0, 99], [1000, 200_000], [299_999, 299_999], [250_000, undefined]];
    for (const [start = 0, end] of ranges) {
      const { blob, client, run } = createScenario();
      const digest = await blob(bytes);
      const pulled = await run(client.blobs.get(APP, digest, { range: { start, end } }));
      const expected = bytes.subarray(start, (end ?? 299_999) + 1);
      expect(pulled.range).toEqual({ start, end: end ?? 299_999 });
      expect(Buffer.compare(await run(pulled.bytes()), expected)).toBe(0);
      await pulled.verified;
    }
    const { blob, client, run, simulation } = createScenario();
    const digest = await blob(bytes);
    simulation.faults.add({ ...BLOBS, action: { kind: "flip", at: 299_000 } });
    const pulled = await run(client.blobs.get(APP, digest, { range: { start: 0, end: 99 } }));
    await expect(run(pulled.bytes())).rejects.toMatchObject({ code: "DIGEST_MISMATCH" });
  });

  it("hands out an unverified range only when told to, resumed, and never says verified", async () => {
    const bytes = noise(300_000);
    for (const quirks of [{}, { ignoreRange: true }]) {
      const { blob, client, registry, run, simulation } = createScenario();
      const digest = await blob(bytes);
      registry.configure({ quirks });
      simulation.faults.add({ ...BLOBS, nth: 1, action: { kind: "cut", by: "reset", at: 50_000 } });
      const range = { start: 1000, end: 200_999 };
      const pulled = await run(client.blobs.get(APP, digest, { range, unverified: true }));
      expect(Buffer.compare(await run(pulled.bytes()), bytes.subarray(1000, 201_000))).toBe(0);
      await expect(pulled.verified).rejects.toMatchObject({ code: "UNSUPPORTED" });
    }
  });

  it("refuses a range past the end and options that contradict each other", async () => {
    const { blob, client, run } = createScenario();
    const digest = await blob(noise(1000));
    for (const unverified of [true, false]) {
      const asked = client.blobs.get(APP, digest, { range: { start: 1000 }, unverified });
      await expect(run(asked)).rejects.toMatchObject({ code: "RANGE_NOT_SATISFIABLE" });
    }
    await expect(client.blobs.get(APP, digest, { unverified: true })).rejects.toThrow(TypeError);
    await expect(client.blobs.get(APP, digest, { range: { start: 5, end: 4 } })).rejects.toThrow(
      TypeError,
    );
    await expect(client.blobs.get(APP, digest, { range: { start: -1 } })).rejects.toThrow(
      TypeError,
    );
  });

  it("says what is missing for a range without an end in a blob of unknown length", async () => {
    const { blob, client, registry, run } = createScenario();
    const bytes = noise(1000);
    const digest = await blob(bytes);
    registry.configure({ quirks: { noContentLength: true } });
    const range = { start: 900 };
    await expect(run(client.blobs.get(APP, digest, { range }))).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringContaining("size"),
    });
    const pulled = await run(client.blobs.get(APP, digest, { range, size: 1000 }));
    expect(Buffer.compare(await run(pulled.bytes()), bytes.subarray(900))).toBe(0);
  });

  it("never reports a cancelled blob as verified, and reads it once only", async () => {
    const { blob, client, clock, run } = createScenario();
    const digest = await blob(noise(300_000));
    const pulled = await run(client.blobs.get(APP, digest));
    await pulled.stream.cancel("enough");
    await expect(pulled.verified).rejects.toBe("enough");
    await expect(pulled.bytes()).rejects.toThrow(TypeError);

    const unread = await run(client.blobs.get(APP, digest));
    await unread.cancel();
    await expect(unread.verified).rejects.toMatchObject({ name: "AbortError" });
    expect(clock.pending).toBe(0);
  });

  it("ends with the signal's reason at any moment", async () => {
    for (const at of [0, 10, 31_000]) {
      const { blob, client, clock, run, simulation } = createScenario();
      const digest = await blob(noise(300_000));
      simulation.faults.add({ ...BLOBS, action: { kind: "stall", at: 100_000 } });
      const controller = new AbortController();
      clock.after(at, () => controller.abort(new Error("enough")));
      const reading = client.blobs.get(APP, digest, { signal: controller.signal })
        .then((pulled) => pulled.bytes());
      await expect(run(reading)).rejects.toThrow("enough");
      expect(clock.pending).toBe(0);
    }
  });

  it("refuses more than bytes() may hold", async () => {
    const { blob, client, run } = createScenario();
    const digest = await blob(noise(1000));
    const pulled = await run(client.blobs.get(APP, digest));
    await expect(run(pulled.bytes(999))).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
  });

  it("leaks no slot in pulls that are cancelled, fail or end early", async () => {
    const { blob, client, registry, run, simulation } = createScenario(
      { transport: { throttle: { concurrency: 6 }, retry: { attempts: 1 } } },
    );
    const digest = await blob(noise(100_000));
    const absent = `sha256:${"0".repeat(64)}`;
    const broken: Fault = { ...BLOBS, every: 7, action: { kind: "truncate", at: 5 } };
    simulation.faults.add(broken);
    for (let i = 0; i < 300; i++) {
      const pulled = await run(client.blobs.get(APP, i % 5 === 0 ? absent : digest)).catch(
        () => {},
      );
      if (i % 3 === 0) await pulled?.cancel();
      else if (i % 3 === 1) {
        await run<unknown>(pulled?.bytes(10) ?? Promise.resolve()).catch(() => {});
      } else await run(drain(pulled?.stream ?? new Blob([]).stream()));
    }
    simulation.faults.clear();
    expect(registry.repository(APP.repository).blobs.size).toBe(1);
    const six = await run(
      Promise.all(Array.from({ length: 6 }, () => client.blobs.get(APP, digest))),
    );
    for (const pulled of six) expect((await run(pulled.bytes())).length).toBe(100_000);
  });
});

describe("blobs.head() and blobs.exists()", () => {
  it("tell size and presence", async () => {
    const { blob, client, run } = createScenario();
    const digest = await blob(noise(1234));
    expect(await run(client.blobs.head(APP, digest))).toEqual({ digest, size: 1234 });
    expect(await run(client.blobs.exists(APP, digest))).toBe(true);
    expect(await run(client.blobs.exists(APP, `sha256:${"0".repeat(64)}`))).toBe(false);
  });

  it("do not take another failure for absence", async () => {
    const { blob, client, run, simulation } = createScenario();
    const digest = await blob(noise(10));
    simulation.faults.add({ ...BLOBS, action: { kind: "answer", status: 403 } });
    await expect(run(client.blobs.exists(APP, digest))).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
  });
});
