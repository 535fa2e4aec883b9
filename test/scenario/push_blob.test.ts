import { describe, expect, it } from "vitest";
import type { PushBlobOptions, PushSource } from "../../src/client/mod.ts";
import type { Fetch } from "../../src/core/mod.ts";
import { bytesContent, type PushSettings, type RegistryQuirks } from "../../src/simulation/mod.ts";
import { resolveUpstream } from "../../src/upstream/mod.ts";
import { APP, noise } from "../support/client_scenario.ts";
import { createPushScenario, digestOf, replayable, streamOf } from "../support/push_scenario.ts";

const CHUNK = 100_000;
const BYTES = noise(350_000);
const DIGEST = await digestOf(BYTES);
const CHUNKED: PushBlobOptions = { digest: DIGEST, chunkBytes: CHUNK };
const UPLOAD = { path: "*/blobs/uploads/*" };
const total = (bodies: readonly { bodyBytes: number }[]): number =>
  bodies.reduce((sum, { bodyBytes }) => sum + bodyBytes, 0);

describe("blobs.put(): the ladder", () => {
  it("sends nothing of a blob that is there", async () => {
    const { blob, client, run, trail } = createPushScenario();
    await blob(BYTES);
    expect(await run(client.blobs.put(APP, BYTES, CHUNKED)))
      .toEqual({ digest: DIGEST, size: BYTES.length, outcome: "exists", sentBytes: 0 });
    expect(trail()).toEqual(["HEAD 200"]);
  });

  it("hashes bytes in memory before it asks", async () => {
    const { blob, client, run } = createPushScenario();
    await blob(BYTES);
    expect(await run(client.blobs.put(APP, BYTES))).toMatchObject({ outcome: "exists" });
  });

  it("mounts from the first repository that has it", async () => {
    const { client, registry, run, simulation, stored, trail } = createPushScenario();
    const { blobs } = registry.repository("acme/base");
    const { bytesContent } = await import("../../src/simulation/mod.ts");
    blobs.set(DIGEST, bytesContent(BYTES));
    const from = ["acme/other", APP.repository, "acme/base"];
    expect(await run(client.blobs.put(APP, BYTES, { ...CHUNKED, from })))
      .toEqual({ digest: DIGEST, size: BYTES.length, outcome: "mounted", sentBytes: 0 });
    expect(trail()).toEqual(["HEAD 404", "POST 202", "POST 201", "DELETE 204"]);
    expect(simulation.log[2]?.url).toContain("from=acme%2Fbase");
    expect(registry.uploads.size).toBe(0);
    expect(await stored(DIGEST)).toEqual(BYTES);
  });

  it("uses the session that a refused mount opened", async () => {
    const { client, run, trail } = createPushScenario({}, { refuseMounts: true });
    const from = ["acme/one", "acme/two"];
    const pushed = await run(client.blobs.put(APP, BYTES, { digest: DIGEST, from }));
    expect(pushed.outcome).toBe("uploaded");
    expect(trail())
      .toEqual(["HEAD 404", "POST 202", "POST 202", "DELETE 204", "PUT 201"]);
  });

  it("mounts from anywhere if asked to", async () => {
    const { client, registry, run } = createPushScenario({ anonymousMount: true });
    const { bytesContent } = await import("../../src/simulation/mod.ts");
    registry.repository("acme/base").blobs.set(DIGEST, bytesContent(BYTES));
    const options = { ...CHUNKED, mountAnywhere: true };
    expect(await run(client.blobs.put(APP, BYTES, options)))
      .toMatchObject({ outcome: "mounted" });
  });

  it.each<RegistryQuirks>([{ mountWithoutFrom: 400 }, { mountUnknownFrom: 400 }])(
    "uploads where a mount is an error: %j",
    async (quirks) => {
      const { client, run } = createPushScenario({}, quirks);
      const options = { ...CHUNKED, from: "acme/none", mountAnywhere: true };
      expect(await run(client.blobs.put(APP, BYTES, options)))
        .toMatchObject({ outcome: "uploaded" });
    },
  );

  it("sends what fits into one request in one", async () => {
    const { client, run, stored, trail } = createPushScenario();
    expect(await run(client.blobs.put(APP, BYTES, { digest: DIGEST })))
      .toEqual({ digest: DIGEST, size: BYTES.length, outcome: "uploaded", sentBytes: 350_000 });
    expect(trail()).toEqual(["HEAD 404", "POST 202", "PUT 201"]);
    expect(await stored(DIGEST)).toEqual(BYTES);
  });

  it("sends what does not in chunks, and its end without bytes", async () => {
    const { bodies, client, run, simulation, stored, trail } = createPushScenario();
    expect(await run(client.blobs.put(APP, BYTES, CHUNKED)))
      .toMatchObject({ outcome: "uploaded", sentBytes: 350_000 });
    expect(trail()).toEqual([
      "HEAD 404",
      "POST 202",
      ...Array<string>(4).fill("PATCH 202"),
      "PUT 201",
    ]);
    expect(bodies().map(({ headers }) => headers["content-range"]))
      .toEqual(["0-99999", "100000-199999", "200000-299999", "300000-349999"]);
    expect(simulation.log.at(-1)?.bodyBytes).toBe(0);
    expect(await stored(DIGEST)).toEqual(BYTES);
  });

  const sources: [string, (bytes: Uint8Array<ArrayBuffer>) => PushSource][] = [
    ["bytes", (bytes) => bytes],
    ["a Blob", (bytes) => new Blob([bytes])],
    ["a stream", (bytes) => streamOf(bytes)],
    ["a source of streams", (bytes) => replayable(bytes).source],
    ["a source of bytes", (bytes) => ({ slice: (start: number) => bytes.slice(start) })],
    ["a source of Blobs, later", (bytes) => ({
      size: bytes.length,
      slice: (start: number) => Promise.resolve(new Blob([bytes.slice(start)])),
    })],
  ];
  it.each(sources)("takes %s, with and without size and digest", async (_, make) => {
    for (const length of [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK]) {
      const bytes = BYTES.slice(0, length);
      const digest = await digestOf(bytes);
      for (const known of [{}, { digest }, { size: length }, { digest, size: length }]) {
        const { client, run, stored } = createPushScenario();
        const options = { chunkBytes: CHUNK, ...known };
        expect(await run(client.blobs.put(APP, make(bytes), options)))
          .toEqual({ digest, size: length, outcome: "uploaded", sentBytes: length });
        expect(await stored(digest)).toEqual(bytes);
      }
    }
  });

  it.each(["digest", "algorithm"])("pushes sha512 by %s", async (by) => {
    const { client, run, stored, simulation } = createPushScenario();
    const digest = await digestOf(BYTES, "sha512");
    const options: PushBlobOptions = by === "digest" ? { digest } : { algorithm: "sha512" };
    expect(await run(client.blobs.put(APP, streamOf(BYTES), { ...options, chunkBytes: CHUNK })))
      .toMatchObject({ digest });
    expect(await stored(digest)).toEqual(BYTES);
    expect(simulation.log.find(({ method }) => method === "POST")?.url)
      .toContain("?digest-algorithm=sha512");
  });
});

describe("blobs.put(): what it refuses", () => {
  it("asks nothing when the input is wrong", async () => {
    const { client, run, trail } = createPushScenario();
    const put = (source: unknown, options: PushBlobOptions = {}, repository = APP.repository) =>
      run(client.blobs.put({ ...APP, repository }, source as PushSource, options));
    await expect(put(BYTES, { digest: "sha256:x" })).rejects.toMatchObject({
      code: "INVALID_DIGEST",
    });
    await expect(put(BYTES, { from: "UPPER" })).rejects.toMatchObject({ code: "INVALID_NAME" });
    await expect(put(BYTES, {}, "A")).rejects.toMatchObject({ code: "INVALID_NAME" });
    await expect(put(BYTES, { size: 1 })).rejects.toMatchObject({ code: "BLOB_SIZE_MISMATCH" });
    await expect(put("text")).rejects.toThrow(TypeError);
    await expect(put(undefined)).rejects.toThrow(TypeError);
    await expect(put(BYTES, { chunkBytes: 0 })).rejects.toThrow(TypeError);
    await expect(put(streamOf(BYTES), { size: -1 })).rejects.toThrow(TypeError);
    expect(trail()).toEqual([]);
  });

  it.each([CHUNK, 1_000_000])(
    "commits nothing when the digest is another, and cancels (chunks of %i)",
    async (chunkBytes) => {
      const { client, registry, run, trail } = createPushScenario();
      const digest = await digestOf(noise(10, 5));
      await expect(run(client.blobs.put(APP, streamOf(BYTES), { digest, chunkBytes })))
        .rejects.toMatchObject({
          code: "DIGEST_MISMATCH",
          details: { expected: digest, computed: DIGEST },
        });
      expect(trail()).not.toContain("PUT 201");
      expect(trail().at(-1)).toBe("DELETE 204");
      expect(registry.uploads.size).toBe(0);
    },
  );

  it.each([-1, 1, -200_000, 200_000])("commits nothing when it is %i bytes off", async (off) => {
    const { client, registry, run, trail } = createPushScenario();
    const size = BYTES.length + off;
    await expect(run(client.blobs.put(APP, streamOf(BYTES), { ...CHUNKED, size })))
      .rejects.toMatchObject({ code: "BLOB_SIZE_MISMATCH", details: { expected: size } });
    expect(trail().filter((line) => line.startsWith("PUT"))).toEqual([]);
    expect(registry.uploads.size).toBe(0);
  });

  it("reports the source's own failure as such, and cancels", async () => {
    const { client, registry, run } = createPushScenario();
    const cause = new Error("disk on fire");
    const source = new ReadableStream<Uint8Array>({
      pull(controller): void {
        if (controller.desiredSize === null) return;
        controller.enqueue(noise(150_000));
        controller.error(cause);
      },
    });
    const error = await run(client.blobs.put(APP, source, CHUNKED).catch((e: unknown) => e));
    expect(error).toMatchObject({ code: "UPLOAD_FAILED" });
    expect(registry.uploads.size).toBe(0);
  });

  it.each([403, 507])("closes what it read from when the registry says %i", async (status) => {
    const { client, run, simulation } = createPushScenario();
    simulation.faults.add({ method: "PATCH", action: { kind: "answer", status } });
    let [opened, closed] = [0, 0];
    const slice = (start: number): ReadableStream<Uint8Array> => {
      opened++;
      const pull = (c: ReadableStreamDefaultController): void => c.enqueue(BYTES.slice(start));
      return new ReadableStream({ pull, cancel: () => void closed++ });
    };
    const options = { ...CHUNKED, size: BYTES.length };
    await expect(run(client.blobs.put(APP, { slice }, options))).rejects.toThrow();
    expect([opened, closed]).toEqual([1, 1]);
  });

  it("compares the digest that the registry says it took", async () => {
    const digestHeader = await digestOf(noise(10, 5));
    const { client, run } = createPushScenario({}, { digestHeader });
    await expect(run(client.blobs.put(APP, BYTES, CHUNKED)))
      .rejects.toMatchObject({ code: "DIGEST_MISMATCH" });
  });

  it("cancels on abort, and rejects with its reason", async () => {
    const { client, clock, registry, run, simulation } = createPushScenario();
    const stop = new AbortController();
    const reason = new Error("enough");
    simulation.faults.add({ method: "PATCH", nth: 2, action: { kind: "delay", ms: 5000 } });
    const push = client.blobs.put(APP, BYTES, { ...CHUNKED, signal: stop.signal });
    clock.after(2000, () => stop.abort(reason));
    await expect(run(push)).rejects.toBe(reason);
    await clock.advance(10_000);
    expect(registry.uploads.size).toBe(0);
  });
});

describe("blobs.put(): quirks of registries", () => {
  const quirks: [string, PushSettings, RegistryQuirks, number?][] = [
    ["relative Location", { location: "relative" }, {}],
    ["explicit port", { location: "explicit-port" }, {}],
    ["query to be kept", { locationQuery: "fixed" }, {}],
    ["only the newest Location counts", { locationQuery: "fresh" }, {}],
    ["relative and fresh", { location: "relative", locationQuery: "fresh" }, {}],
    ["201 on PATCH (ECR)", {}, { patchStatus: 201 }],
    ["204 on PATCH", {}, { patchStatus: 204 }],
    ["Range stays at the first chunk (ECR)", {}, { stuckRange: true, patchStatus: 201 }],
    ["Range of the last chunk alone (Aliyun)", {}, { chunkRange: true }],
    ["no digest in answers", {}, { noDigestHeader: true }],
    ["no status of uploads", {}, { uploadStatus: 405 }],
    ["no cancel of uploads", {}, { uploadDelete: 405 }],
    ["least chunk above ours", { minChunkBytes: 150_000 }, {}],
    ["HEAD not allowed", {}, { headStatus: 405 }],
    ["HEAD forbidden", {}, { headStatus: 403 }],
    ["no lengths", {}, { noContentLength: true }],
  ];
  it.each(quirks)("%s", async (_, push, quirk) => {
    const { bodies, client, run, stored } = createPushScenario(push, quirk);
    expect(await run(client.blobs.put(APP, streamOf(BYTES), CHUNKED)))
      .toMatchObject({ outcome: "uploaded", size: BYTES.length });
    expect(await stored(DIGEST)).toEqual(BYTES);
    expect(total(bodies())).toBe(BYTES.length);
  });

  it("keeps to OCI-Chunk-Min-Length for all but the last", async () => {
    const { bodies, client, run } = createPushScenario({ minChunkBytes: 150_000 });
    await run(client.blobs.put(APP, BYTES, CHUNKED));
    expect(bodies().map(({ bodyBytes }) => bodyBytes)).toEqual([150_000, 150_000, 50_000]);
  });

  it("does not hold whatever OCI-Chunk-Min-Length asks for", async () => {
    const { client, run, stored } = createPushScenario({ minChunkBytes: 2 ** 52 });
    expect(await run(client.blobs.put(APP, streamOf(BYTES), { digest: DIGEST })))
      .toMatchObject({ outcome: "uploaded", size: BYTES.length });
    expect(await stored(DIGEST)).toEqual(BYTES);
  });

  it("partial acceptance goes on from there", async () => {
    const { client, run, stored } = createPushScenario({}, { acceptedBytes: 70_000 });
    await run(client.blobs.put(APP, streamOf(BYTES), CHUNKED));
    expect(await stored(DIGEST)).toEqual(BYTES);
  });

  it("416 for a chunk that is too large (GHCR) makes chunks smaller", async () => {
    const { client, run, stored } = createPushScenario({}, { largestChunk: 80_000 });
    const options = { digest: DIGEST, chunkBytes: 160_000 };
    await run(client.blobs.put(APP, streamOf(BYTES), options));
    expect(await stored(DIGEST)).toEqual(BYTES);
  });

  it.each([CHUNK * 2, 1_000_000])("413 makes requests smaller (from %i)", async (chunkBytes) => {
    const { client, run, stored } = createPushScenario({}, { largestBody: 120_000 });
    await run(client.blobs.put(APP, streamOf(BYTES), { digest: DIGEST, chunkBytes }));
    expect(await stored(DIGEST)).toEqual(BYTES);
  });

  it("413 for what cannot be smaller is an error", async () => {
    const { client, run } = createPushScenario({}, { largestBody: 1000 });
    await expect(run(client.blobs.put(APP, BYTES, CHUNKED)))
      .rejects.toMatchObject({ details: { status: 413 } });
  });

  it("a session on another origin needs to be allowed, and gets no credentials", async () => {
    const { client, registry, run, simulation } = createPushScenario();
    const other = simulation.registry("uploads.example.com");
    other.configure({ push: {} });
    registry.configure({ push: { uploadsAt: other } });
    await expect(run(client.blobs.put(APP, BYTES, CHUNKED)))
      .rejects.toMatchObject({ code: "ORIGIN_NOT_TRUSTED", details: { use: "location" } });
    expect(simulation.log.filter(({ host }) => host === other.origin)).toEqual([]);
  });

  it("a session on another origin does not lead back to anything but uploads", async () => {
    const upstream = {
      ...resolveUpstream(APP.registry),
      uploadOrigins: ["https://uploads.example.com"],
    };
    const scenario = createPushScenario({}, {}, { upstreams: [upstream] });
    const { client, registry, run, simulation } = scenario;
    const other = simulation.registry("uploads.example.com");
    other.configure({ push: {} });
    registry.configure({ push: { uploadsAt: other } });
    const location = `${registry.origin}/v2/acme/app/manifests/v1`;
    simulation.faults.add({
      ...{ host: other.origin, method: "PATCH" },
      action: { kind: "answer", status: 202, headers: { location, range: "0-99999" } },
    });
    await expect(run(client.blobs.put(APP, BYTES, CHUNKED)))
      .rejects.toMatchObject({ code: "INVALID_RESPONSE", details: { what: "Location" } });
    expect(simulation.log.filter(({ url }) => url.includes("manifests"))).toEqual([]);
  });
});

describe("blobs.put(): broken connections", () => {
  const methods = ["PATCH", "PUT"] as const;
  const actions = [
    ["an answer lost after the bytes were stored", { kind: "drop", by: "close" }],
    ["an answer that never comes", { kind: "drop", by: "stall" }],
    ["a request never seen", { kind: "drop", by: "reset", unseen: true }],
    ["503 after nothing", { kind: "answer", status: 503 }],
    ["500 without a word", { kind: "answer", status: 500 }],
    ["499 of a proxy", { kind: "answer", status: 499 }],
    ["a request cut after a byte", { kind: "cut-request", at: 1, by: "reset" }],
    ["a request cut", { kind: "cut-request", at: 30_000, by: "close" }],
    ["a request stalled", { kind: "cut-request", at: 30_000, by: "stall" }],
  ] as const;
  const cases = methods.flatMap((method) =>
    actions.map(([name, action]) => [method, name, action] as const)
  );
  it.each(cases)("%s: %s", async (method, _, action) => {
    for (const brokenBody of ["keep", "discard"] as const) {
      for (const nth of method === "PATCH" ? [1, 2, 4] : [1]) {
        const scenario = createPushScenario({ brokenBody });
        const { bodies, client, run, simulation, stored, trail } = scenario;
        simulation.faults.add({ method, nth, action, ...UPLOAD });
        const pushed = await run(client.blobs.put(APP, streamOf(BYTES), CHUNKED));
        expect(pushed).toMatchObject({ outcome: "uploaded", digest: DIGEST });
        expect(await stored(DIGEST)).toEqual(BYTES);
        expect(total(bodies())).toBeLessThanOrEqual(BYTES.length + CHUNK);
        expect(trail().filter((line) => line.startsWith("POST"))).toHaveLength(1);
      }
    }
  });

  it.each(actions)("one request for all: %s", async (_, action) => {
    for (const brokenBody of ["keep", "discard"] as const) {
      const { client, run, simulation, stored } = createPushScenario({ brokenBody });
      simulation.faults.add({ method: "PUT", nth: 1, action, ...UPLOAD });
      await run(client.blobs.put(APP, streamOf(BYTES), { digest: DIGEST }));
      expect(await stored(DIGEST)).toEqual(BYTES);
    }
  });

  it("a PUT whose answer was lost is reported once, by looking", async () => {
    const { client, events, run, simulation, trail } = createPushScenario();
    simulation.faults.add({ method: "PUT", action: { kind: "drop", by: "close" } });
    const pushed = await run(client.blobs.put(APP, BYTES, CHUNKED));
    expect(pushed).toMatchObject({ outcome: "uploaded", sentBytes: BYTES.length });
    expect(trail().slice(-2)).toEqual(["PUT 0", "HEAD 200"]);
    expect(events.filter(({ type }) => type === "upload.finished")).toHaveLength(1);
  });

  it("a byte that arrived of a request that the runtime itself sent again", async () => {
    const before: { fetch?: Fetch } = {};
    const twice: Fetch = async (request) => {
      const again = request.clone();
      return await before.fetch?.(request).catch(() => before.fetch?.(again)) as Response;
    };
    const scenario = createPushScenario({}, {}, { fetch: twice });
    const { bodies, client, run, simulation, stored } = scenario;
    before.fetch = simulation.fetch;
    const action = { kind: "cut-request", at: 1, by: "reset" } as const;
    simulation.faults.add({ method: "PATCH", nth: 1, action });
    await run(client.blobs.put(APP, streamOf(BYTES), CHUNKED));
    expect(await stored(DIGEST)).toEqual(BYTES);
    expect(total(bodies())).toBeLessThanOrEqual(BYTES.length + CHUNK * 1.01);
  });

  it("a digest that was found wrong is not looked for: what is there is not the blob", async () => {
    const { client, registry, run, simulation, trail } = createPushScenario();
    registry.repository(APP.repository).blobs.set(DIGEST, bytesContent(BYTES));
    const errors = [{ code: "DIGEST_INVALID", message: "Not these bytes" }];
    const refusal = { kind: "answer", status: 400, body: JSON.stringify({ errors }) } as const;
    simulation.faults.add(
      { method: "HEAD", nth: 1, action: { kind: "answer", status: 404 } },
      { method: "PATCH", nth: 2, action: { kind: "drop", by: "reset" } },
      { method: "PUT", ...UPLOAD, action: refusal },
    );
    await expect(run(client.blobs.put(APP, streamOf(BYTES), CHUNKED)))
      .rejects.toMatchObject({ code: "UPLOAD_FAILED" });
    expect(trail().filter((line) => line.startsWith("HEAD"))).toEqual(["HEAD 404"]);
  });

  it("a Range that is stuck and an answer that is lost, together (ECR)", async () => {
    for (const nth of [1, 2, 3, 4]) {
      const quirks = { stuckRange: true, patchStatus: 201 };
      const { client, run, simulation, stored } = createPushScenario({}, quirks);
      const action = { kind: "drop", by: "close" } as const;
      simulation.faults.add({ method: "PATCH", nth, action });
      await run(client.blobs.put(APP, replayable(BYTES).source, CHUNKED));
      expect(await stored(DIGEST)).toEqual(BYTES);
    }
  });

  it("an upload that the registry forgot starts again from zero", async () => {
    const { client, events, registry, run, simulation, stored } = createPushScenario();
    const { opened, source } = replayable(BYTES);
    const action = { kind: "answer", status: 404 } as const;
    simulation.faults.add({ method: "PATCH", nth: 3, action });
    expect(await run(client.blobs.put(APP, source, CHUNKED)))
      .toMatchObject({ outcome: "uploaded" });
    expect(opened).toEqual([0, 0]);
    expect(await stored(DIGEST)).toEqual(BYTES);
    expect(events).toContainEqual(expect.objectContaining({ type: "upload.resumed", offset: 0 }));
    expect(registry.uploads.size).toBeLessThanOrEqual(1);
  });

  it("a stream cannot start again: a typed error, and no half blob", async () => {
    const { client, run, simulation, stored } = createPushScenario();
    const action = { kind: "answer", status: 404 } as const;
    simulation.faults.add({ method: "PATCH", nth: 3, action });
    await expect(run(client.blobs.put(APP, streamOf(BYTES), CHUNKED)))
      .rejects.toMatchObject({ code: "UPLOAD_FAILED" });
    expect(await stored(DIGEST)).toBeUndefined();
  });

  it("gives up a registry that keeps failing, with what it said", async () => {
    const { client, run, simulation } = createPushScenario();
    simulation.faults.add({ method: "PATCH", action: { kind: "answer", status: 500 } });
    await expect(run(client.blobs.put(APP, BYTES, CHUNKED)))
      .rejects.toMatchObject({ code: "SERVER_ERROR" });
  });

  it("only the newest Location counts, and its answer was lost: from zero", async () => {
    const { client, run, simulation, stored } = createPushScenario({ locationQuery: "fresh" });
    simulation.faults.add({ method: "PATCH", nth: 2, action: { kind: "drop", by: "close" } });
    await run(client.blobs.put(APP, BYTES, CHUNKED));
    expect(await stored(DIGEST)).toEqual(BYTES);
  });
});

describe("blobs.mount()", () => {
  it("says whether it is there now, and leaves nothing open", async () => {
    const { client, registry, run } = createPushScenario();
    expect(await run(client.blobs.mount(APP, DIGEST, { from: "acme/base" }))).toBe(false);
    expect(registry.uploads.size).toBe(0);
    const { bytesContent } = await import("../../src/simulation/mod.ts");
    registry.repository("acme/base").blobs.set(DIGEST, bytesContent(BYTES));
    expect(await run(client.blobs.mount(APP, DIGEST, { from: "acme/base" }))).toBe(true);
  });
});
