import { describe, expect, it } from "vitest";
import type { PushBlobOptions, UploadRecord } from "../../src/client/mod.ts";
import { concatBytes, type Fetch } from "../../src/core/mod.ts";
import { wasmHasher } from "../../src/hash/mod.ts";
import type { FaultAction, RegistryQuirks } from "../../src/simulation/mod.ts";
import { resolveUpstream } from "../../src/upstream/mod.ts";
import { APP, noise } from "../support/client_scenario.ts";
import { createPushScenario, digestOf, replayable, streamOf } from "../support/push_scenario.ts";

const HELD = 10_000;
const STREAMED = 100_000;
const BYTES = noise(350_000);
const DIGEST = await digestOf(BYTES);
const OPTIONS: PushBlobOptions = { digest: DIGEST, chunkBytes: HELD, streamBytes: STREAMED };
/** One is held, which shows that the registry counts right. */
const RANGES = ["0-9999", "10000-109999", "110000-209999", "210000-309999", "310000-349999"];

const MIB = 1024 * 1024;
const LOSSES: readonly FaultAction[] = [
  { kind: "drop", by: "close" },
  { kind: "cut-request", at: 50_000, by: "close" },
];

function zeros(size: number): ReadableStream<Uint8Array> {
  let left = size;
  return new ReadableStream({
    pull(controller): void {
      if (left > 0) controller.enqueue(new Uint8Array(Math.min(left, MIB)));
      left -= MIB;
      if (left <= 0) controller.close();
    },
  }, { highWaterMark: 0 });
}

const rangesOf = (bodies: readonly { headers: Readonly<Record<string, string>> }[]): unknown[] =>
  bodies.map(({ headers }) => headers["content-range"]);

describe("blobs.put() of a source that can be read again", () => {
  it("streams chunks once the registry has counted one right", async () => {
    const { bodies, client, run, stored } = createPushScenario();
    const { opened, source } = replayable(BYTES);
    expect(await run(client.blobs.put(APP, source, OPTIONS)))
      .toMatchObject({ outcome: "uploaded", sentBytes: BYTES.length });
    expect(rangesOf(bodies())).toEqual(RANGES);
    expect(opened).toEqual([0]);
    expect(await stored(DIGEST)).toEqual(BYTES);
  });

  it("holds chunks of a stream, of which nobody knows the length, and where they are no longer", async () => {
    const { source } = replayable(BYTES);
    const cases = [
      [streamOf(BYTES), OPTIONS],
      [{ ...(source as object), size: undefined } as typeof source, OPTIONS],
      [source, { ...OPTIONS, streamBytes: HELD }],
      [source, { digest: DIGEST, chunkBytes: HELD }],
    ] as const;
    for (const [one, options] of cases) {
      const { bodies, client, run, stored } = createPushScenario();
      await run(client.blobs.put(APP, one, options));
      expect(new Set(bodies().map(({ bodyBytes }) => bodyBytes))).toEqual(new Set([HELD]));
      expect(await stored(DIGEST)).toEqual(BYTES);
    }
  });

  it.each<[RegistryQuirks, number]>([
    [{ stuckRange: true }, STREAMED],
    [{ chunkRange: true }, STREAMED],
    [{ acceptedBytes: 7_000 }, HELD],
    [{ largestChunk: HELD }, STREAMED],
    [{ largestBody: HELD }, STREAMED],
    [{ patchStatus: 201 }, STREAMED],
    [{ uploadStatus: 404, uploadDelete: 405 }, STREAMED],
  ])("gets it there with %j, in chunks of %i at most", async (quirks, most) => {
    const { bodies, client, run, stored } = createPushScenario({}, quirks);
    const { source } = replayable(BYTES);
    await run(client.blobs.put(APP, source, OPTIONS));
    expect(await stored(DIGEST)).toEqual(BYTES);
    const longest = rangesOf(bodies()).map((range) => {
      const [first = 0, last = 0] = String(range).split("-").map(Number);
      return last + 1 - first;
    });
    expect(Math.max(...longest)).toBe(most);
  });

  it("sends nothing twice to a registry whose count stands still", async () => {
    const { bodies, client, run } = createPushScenario({}, { stuckRange: true });
    const { opened, source } = replayable(BYTES);
    await run(client.blobs.put(APP, source, OPTIONS));
    expect(rangesOf(bodies()).slice(0, 3)).toEqual(["0-9999", "10000-109999", "110000-119999"]);
    expect(bodies().reduce((sum, { bodyBytes }) => sum + bodyBytes, 0)).toBe(BYTES.length);
    expect(opened).toEqual([0]);
  });

  it("keeps to what a profile or a registry allows", async () => {
    const profile = { ...resolveUpstream(APP.registry).profile, maxPatchBytes: 30_000 };
    const upstreams = [{ ...resolveUpstream(APP.registry), profile }];
    const { bodies, client, run, stored } = createPushScenario({}, {}, { upstreams });
    await run(client.blobs.put(APP, replayable(BYTES).source, OPTIONS));
    expect(rangesOf(bodies()).slice(0, 3)).toEqual(["0-9999", "10000-39999", "40000-69999"]);
    expect(await stored(DIGEST)).toEqual(BYTES);
  });

  it("streams with default options what is longer than what is held", async () => {
    const { bodies, client, run, simulation } = createPushScenario({
      ...{ keep: "digest", hasher: wasmHasher },
    });
    simulation.faults.add({ method: "PATCH", action: { kind: "delay", ms: 500 } });
    const size = 60 * MIB;
    const slice = (start: number): ReadableStream<Uint8Array> => zeros(size - start);
    await run(client.blobs.put(APP, { size, slice }));
    const lengths = bodies().map(({ bodyBytes }) => bodyBytes / MIB);
    expect(lengths).toEqual([1, 32, 27]);
  }, 30_000);

  it.each<[string, readonly number[], readonly number[]]>([
    ["what goes in a second at the pace of the one before", [25, 25, 25, 25], [1, 40, 64, 45]],
    ["twice as much after one of less than a second", [500, 999, 500], [1, 16, 32, 64, 37]],
    ["as much after one of a second", [25, 1_000, 4_000], [1, 40, 40, 40, 29]],
    ["half of it after one of more than four", [25, 25, 4_001, 4_001], [1, 40, 64, 32, 13]],
    ["no less than at first, however long one takes", [4_001, 4_001, 25], [1, 16, 16, 64, 53]],
  ])("streams %s: %j ms", async (_, delays, expected) => {
    const { bodies, client, run, simulation } = createPushScenario({
      ...{ keep: "digest", hasher: wasmHasher },
    });
    for (const [i, ms] of delays.entries()) {
      simulation.faults.add({ method: "PATCH", nth: i + 1, action: { kind: "delay", ms } });
    }
    const size = 150 * MIB;
    const slice = (start: number): ReadableStream<Uint8Array> => zeros(size - start);
    const options = { chunkBytes: 8 * MIB, streamBytes: 64 * MIB };
    await run(client.blobs.put(APP, { size, slice }, options));
    expect(bodies().map(({ bodyBytes }) => bodyBytes / MIB)).toEqual(expected);
  }, 30_000);

  it.each<[string, RegistryQuirks, PushBlobOptions]>([
    ["chunkBytes is given", {}, { chunkBytes: MIB }],
    ["chunks must be as short", {}, { chunkBytes: MIB, streamBytes: MIB }],
    ["it is not wanted", {}, { chunkBytes: MIB, streamBytes: 0 }],
    ["nothing is counted", { stuckRange: true }, { chunkBytes: MIB, streamBytes: 0 }],
  ])("reads ahead where nothing will be streamed: %s", async (_, quirks, options) => {
    const { bodies, client, run, simulation } = createPushScenario({}, quirks);
    simulation.faults.add({ method: "PATCH", nth: 1, action: { kind: "delay", ms: 1_000 } });
    const bytes = noise(5 * MIB);
    let read = 0;
    const slice = (start: number): ReadableStream<Uint8Array> =>
      streamOf(bytes.subarray(start), 10_000).pipeThrough(
        new TransformStream({
          transform(chunk, controller): void {
            read += chunk.length;
            controller.enqueue(chunk);
          },
        }),
      );
    const counted: number[] = [];
    const onProgress = (): void => void counted.push(read);
    await run(client.blobs.put(APP, { size: bytes.length, slice }, { ...options, onProgress }));
    expect(bodies().map(({ bodyBytes }) => bodyBytes)).toEqual(Array(5).fill(MIB));
    expect(counted[1]).toBeGreaterThanOrEqual(2 * MIB);
  });

  it("does not probe again and again a registry that does not count", async () => {
    for (const range of ["0-0", undefined]) {
      const { bodies, client, run, simulation } = createPushScenario();
      simulation.faults.add({ method: "PATCH", action: { kind: "headers", set: { range } } });
      simulation.faults.add({ method: "GET", action: { kind: "headers", set: { range } } });
      const bytes = noise(8 * MIB);
      const options = { chunkBytes: 2 * MIB, streamBytes: 8 * MIB };
      await run(client.blobs.put(APP, replayable(bytes).source, options));
      expect(bodies().map(({ bodyBytes }) => bodyBytes / MIB)).toEqual([1, 2, 2, 2, 1]);
    }
  });

  it("starts again where the registry cannot say how far it got", async () => {
    for (const action of LOSSES) {
      const { client, run, simulation, stored } = createPushScenario({}, { uploadStatus: 405 });
      simulation.faults.add({ method: "PATCH", nth: 3, action });
      await run(client.blobs.put(APP, replayable(BYTES).source, OPTIONS));
      expect(await stored(DIGEST)).toEqual(BYTES);
    }
  });

  it("goes on though the count lags behind, and the next try dies at once", async () => {
    const { client, run, simulation, stored, trail } = createPushScenario();
    simulation.faults.add(
      { method: "PATCH", nth: 3, action: { kind: "drop", by: "reset" } },
      { method: "GET", nth: 1, action: { kind: "headers", set: { range: "0-109999" } } },
      { method: "PATCH", nth: 4, action: { kind: "cut-request", at: 0, by: "reset" } },
    );
    await run(client.blobs.put(APP, replayable(BYTES).source, OPTIONS));
    expect(await stored(DIGEST)).toEqual(BYTES);
    expect(trail().filter((one) => one.startsWith("POST"))).toHaveLength(1);
  });

  it("gives its own bytes to a fetch that holds them", async () => {
    const bytes = noise(4 * MIB);
    const digest = await digestOf(bytes);
    const scenario = createPushScenario();
    const fetch: Fetch = async (request) => {
      if (request.body === null) return await scenario.simulation.fetch(request);
      const parts: Uint8Array<ArrayBuffer>[] = []; // as they were given
      for await (const part of request.body) parts.push(part);
      return await scenario.simulation.fetch(
        new Request(request.url, {
          ...{ method: request.method, headers: request.headers, body: concatBytes(parts) },
        }),
      );
    };
    const { client, run } = createPushScenario({}, {}, { fetch });
    const options = { digest, chunkBytes: HELD, streamBytes: 4 * MIB };
    expect(await run(client.blobs.put(APP, replayable(bytes).source, options)))
      .toMatchObject({ sentBytes: bytes.length });
    const { blobs } = scenario.registry.repository(APP.repository);
    expect([...blobs.keys()]).toEqual([digest]);
  });

  it.each([-1, 0.5, 2_000_000.5, NaN])("refuses streamBytes of %d", async (streamBytes) => {
    const { client, run } = createPushScenario();
    await expect(run(client.blobs.put(APP, BYTES, { ...OPTIONS, streamBytes }))).rejects
      .toThrow(TypeError);
  });

  it.each([401, 429, 500, 503])("goes on after %i, from where the registry is", async (status) => {
    const { client, run, simulation, stored } = createPushScenario();
    simulation.faults.add({ method: "PATCH", nth: 3, action: { kind: "answer", status } });
    const { opened, source } = replayable(BYTES);
    await run(client.blobs.put(APP, source, OPTIONS));
    expect(await stored(DIGEST)).toEqual(BYTES);
    expect(opened).toEqual([0, 110_000]);
  });

  it.each([413, 416])("holds its chunks after %i", async (status) => {
    const { bodies, client, run, simulation, stored } = createPushScenario();
    simulation.faults.add({ method: "PATCH", nth: 3, action: { kind: "answer", status } });
    await run(client.blobs.put(APP, replayable(BYTES).source, OPTIONS));
    expect(await stored(DIGEST)).toEqual(BYTES);
    expect(bodies().slice(3).every(({ bodyBytes }) => bodyBytes <= HELD)).toBe(true);
  });

  it("commits nothing whose digest or length is wrong", async () => {
    const other = noise(BYTES.length + 1).slice(1);
    for (const bytes of [other, BYTES.slice(1), noise(BYTES.length + 1)]) {
      const { client, registry, run } = createPushScenario();
      const source = { size: BYTES.length, slice: (start: number) => bytes.slice(start) };
      await expect(run(client.blobs.put(APP, source, OPTIONS))).rejects
        .toMatchObject({ code: bytes === other ? "DIGEST_MISMATCH" : "BLOB_SIZE_MISMATCH" });
      expect([registry.repository(APP.repository).blobs.size, registry.uploads.size])
        .toEqual([0, 0]);
    }
  });

  it("says what is wrong with a source that breaks", async () => {
    const { client, run } = createPushScenario();
    const slice = (): ReadableStream<Uint8Array> => {
      const reader = streamOf(BYTES).getReader();
      let count = 0;
      return new ReadableStream({
        async pull(controller): Promise<void> {
          if (++count > 60) throw new Error("the disk is gone");
          controller.enqueue((await reader.read()).value as Uint8Array);
        },
      });
    };
    await expect(run(client.blobs.put(APP, { size: BYTES.length, slice }, OPTIONS))).rejects
      .toMatchObject({ code: "UPLOAD_FAILED", cause: { message: "the disk is gone" } });
  });

  it("leaves a record after each chunk, of which another process goes on", async () => {
    const { client, run, simulation, stored } = createPushScenario();
    const controller = new AbortController();
    const records: UploadRecord[] = [];
    const onRecord = (record: UploadRecord): void => {
      records.push(record);
      if (record.offset >= 110_000) controller.abort(new Error("killed"));
    };
    const { signal } = controller;
    const first = client.blobs.put(APP, replayable(BYTES).source, { ...OPTIONS, onRecord, signal });
    await expect(run(first)).rejects.toThrow("killed");
    expect(records.map(({ offset }) => offset)).toEqual([0, 10_000, 110_000]);
    simulation.faults.add({
      method: "PATCH",
      nth: 2,
      action: { kind: "cut-request", at: 50_000, by: "close" },
    });
    const { opened, source } = replayable(BYTES);
    await run(client.blobs.resumeUpload(records.at(-1) as UploadRecord, source, OPTIONS));
    expect(opened).toEqual([110_000, 120_000]);
    expect(await stored(DIGEST)).toEqual(BYTES);
  });
});
