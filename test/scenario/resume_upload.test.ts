import { describe, expect, it } from "vitest";
import type { PushBlobOptions, UploadRecord } from "../../src/client/mod.ts";
import { APP, noise } from "../support/client_scenario.ts";
import { createPushScenario, digestOf, replayable, streamOf } from "../support/push_scenario.ts";

const CHUNK = 100_000;
const BYTES = noise(350_000);
const DIGEST = await digestOf(BYTES);
const CHUNKED: PushBlobOptions = { digest: DIGEST, chunkBytes: CHUNK };
const total = (bodies: readonly { bodyBytes: number }[]): number =>
  bodies.reduce((sum, { bodyBytes }) => sum + bodyBytes, 0);

describe("blobs.resumeUpload()", () => {
  /** Records of an upload that dies at its `nth` chunk. */
  async function broken(
    scenario: ReturnType<typeof createPushScenario>,
    nth: number,
  ): Promise<UploadRecord[]> {
    const records: UploadRecord[] = [];
    const stop = new AbortController();
    const options = {
      ...CHUNKED,
      signal: stop.signal,
      onRecord(record: UploadRecord): void {
        records.push(JSON.parse(JSON.stringify(record)) as UploadRecord);
        if (records.length === nth) stop.abort(new Error("killed"));
      },
    };
    const put = scenario.client.blobs.put(APP, replayable(BYTES).source, options);
    await expect(scenario.run(put)).rejects.toThrow("killed");
    return records;
  }

  it.each([1, 2, 3, 5])("goes on in another process, after record %i", async (nth) => {
    const scenario = createPushScenario();
    const records = await broken(scenario, nth);
    const { bodies, client, run, stored } = scenario;
    const record = records.at(-1) as UploadRecord;
    expect(record.offset).toBe(Math.min((nth - 1) * CHUNK, BYTES.length));
    await run(client.blobs.resumeUpload(record, replayable(BYTES).source, { chunkBytes: CHUNK }));
    expect(await stored(DIGEST)).toEqual(BYTES);
    expect(total(bodies())).toBe(BYTES.length);
  });

  it("keeps records also after its end was refused for a moment", async () => {
    for (const options of [{ digest: DIGEST }, { algorithm: "sha512" } as const]) {
      const { client, run, simulation } = createPushScenario();
      simulation.faults.add({ method: "PUT", nth: 1, action: { kind: "answer", status: 503 } });
      const offsets: number[] = [];
      const onRecord = ({ offset }: UploadRecord): void => void offsets.push(offset);
      const put = client.blobs.put(APP, streamOf(BYTES), { ...options, onRecord });
      expect(await run(put)).toMatchObject({ outcome: "uploaded", size: BYTES.length });
      expect(offsets).toEqual([0, BYTES.length]);
    }
  });

  it("hashes what the registry has beyond the record, from every kind of source", async () => {
    for (const make of [() => replayable(BYTES).source, () => streamOf(BYTES), () => BYTES]) {
      const scenario = createPushScenario();
      const [first] = await broken(scenario, 4);
      const { bodies, client, run, stored } = scenario;
      await run(client.blobs.resumeUpload(first as UploadRecord, make(), { chunkBytes: CHUNK }));
      expect(await stored(DIGEST)).toEqual(BYTES);
      expect(total(bodies())).toBe(BYTES.length);
    }
  });

  it("goes back to what the registry has left", async () => {
    const scenario = createPushScenario();
    const records = await broken(scenario, 4);
    const [upload] = scenario.registry.uploads.values();
    upload?.data.truncate(120_000);
    const { client, run, stored } = scenario;
    await run(client.blobs.resumeUpload(records.at(-1) as UploadRecord, replayable(BYTES).source));
    expect(await stored(DIGEST)).toEqual(BYTES);
  });

  it("starts from zero where the registry has forgotten", async () => {
    const scenario = createPushScenario();
    const records = await broken(scenario, 3);
    scenario.registry.uploads.clear();
    const { client, run, stored } = scenario;
    await run(client.blobs.resumeUpload(records.at(-1) as UploadRecord, streamOf(BYTES)));
    expect(await stored(DIGEST)).toEqual(BYTES);
  });

  it("finds a blob that is finished already", async () => {
    const scenario = createPushScenario();
    const records = await broken(scenario, 3);
    await scenario.blob(BYTES);
    const { client, run } = scenario;
    expect(await run(client.blobs.resumeUpload(records.at(-1) as UploadRecord, BYTES)))
      .toMatchObject({ outcome: "exists", sentBytes: 0 });
  });

  it("refuses a record of another repository, and one that is none, before any request", async () => {
    const scenario = createPushScenario();
    const [record] = await broken(scenario, 1);
    const { client, run, simulation } = scenario;
    const before = simulation.log.length;
    const resume = (change: object, ref?: typeof APP) =>
      run(client.blobs.resumeUpload({ ...record, ...change } as UploadRecord, BYTES, { ref }));
    const failed = { code: "UPLOAD_FAILED" };
    await expect(resume({}, { ...APP, repository: "acme/other" })).rejects.toMatchObject(failed);
    await expect(resume({}, { ...APP, registry: "other.example" })).rejects.toMatchObject(failed);
    for (
      const change of [
        { version: 2 },
        { repository: "A" },
        { registry: 1 },
        { location: "/v2/" },
        { offset: -1 },
        { algorithm: "md5" },
        { digest: "sha256:x" },
        { size: -1 },
        { state: undefined },
      ]
    ) {
      await expect(resume(change)).rejects.toMatchObject(failed);
    }
    await expect(resume({ state: "AAAA" })).rejects.toMatchObject({ code: "HASH_STATE_INVALID" });
    expect(simulation.log.length).toBe(before);
    const location = "https://evil.example/v2/acme/app/blobs/uploads/1";
    await expect(resume({ location })).rejects.toMatchObject({ code: "ORIGIN_NOT_TRUSTED" });
    expect(simulation.log.every(({ host }) => host === scenario.registry.origin)).toBe(true);
  });
});
