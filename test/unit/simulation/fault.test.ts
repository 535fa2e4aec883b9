import { describe, expect, it } from "vitest";
import { buildImage } from "../../../src/simulation/mod.ts";
import type { Fault, FaultAction } from "../../../src/simulation/mod.ts";
import { bench, codesOf } from "./support.ts";
import type { Bench } from "./support.ts";

const SIZE = 200_000;

interface BlobBench extends Bench {
  readonly path: string;
  readonly right: Uint8Array;
}

async function blobBench(action: FaultAction, rest: Partial<Fault> = {}): Promise<BlobBench> {
  const made = bench();
  const { layers: [layer], ...image } = await buildImage({ layers: [SIZE] });
  made.registry.add("a", { image: { ...image, layers: [] } });
  made.simulation.faults.add({ path: "/v2/*/blobs/*", action, ...rest });
  const right = layer?.content.read(0, SIZE) ?? new Uint8Array();
  return { ...made, path: `/v2/a/blobs/${layer?.digest}`, right };
}

async function bytesOf(response: Response): Promise<Uint8Array> {
  return new Uint8Array(await response.arrayBuffer());
}

/** What arrives before the body fails, and the failure. */
async function arrival(response: Response): Promise<{ bytes: number; error: unknown }> {
  let bytes = 0;
  try {
    for await (const chunk of response.body ?? []) bytes += chunk.length;
    return { bytes, error: undefined };
  } catch (error) {
    return { bytes, error };
  }
}

describe("faults: what breaks the transfer", () => {
  it.each([0, 1, 65_535, 65_536, 65_537, SIZE - 1])("cut at %i delivers so much", async (at) => {
    const { get, path, simulation } = await blobBench({ kind: "cut", at, by: "reset" });
    const { bytes, error } = await arrival(await get(path));
    expect([bytes, error]).toEqual([at, expect.any(TypeError)]);
    expect(simulation.log[0]).toMatchObject({ sentBytes: at, outcome: "reset" });
  });

  it("cut from the end, and in the blob of which a range is sent", async () => {
    const { get, path } = await blobBench({ kind: "cut", at: -1, by: "close", within: "blob" });
    expect((await arrival(await get(path))).bytes).toBe(SIZE - 1);
    const tail = await get(path, { headers: { range: "bytes=150000-" } });
    expect((await arrival(tail)).bytes).toBe(SIZE - 150_001);
    const front = await get(path, { headers: { range: "bytes=0-99" } });
    expect(await arrival(front)).toEqual({ bytes: 100, error: undefined });
  });

  it("cut at the end of a body with Content-Length loses nothing; without, its end", async () => {
    const whole = await blobBench({ kind: "cut", at: SIZE, by: "close" });
    expect((await arrival(await whole.get(whole.path))).error).toBeUndefined();
    const chunked = await blobBench({ kind: "frame", by: "chunked" });
    chunked.simulation.faults.add({ action: { kind: "cut", at: SIZE, by: "close" } });
    expect((await arrival(await chunked.get(chunked.path))).error).toBeInstanceOf(TypeError);
  });

  it("a body whose end is the connection's end, cut, looks complete", async () => {
    const { get, path, simulation } = await blobBench({ kind: "frame", by: "until-close" });
    simulation.faults.add({ action: { kind: "cut", at: 1000, by: "close" } });
    const response = await get(path);
    expect(response.headers.get("content-length")).toBeNull();
    expect(await arrival(response)).toEqual({ bytes: 1000, error: undefined });
  });

  it("a stall ends with the caller's signal, or goes on", async () => {
    const { get, path } = await blobBench({ kind: "stall", at: 10 });
    const controller = new AbortController();
    const response = await get(path, { signal: controller.signal });
    const reading = arrival(response);
    setTimeout(() => controller.abort(new Error("enough")), 5);
    expect(await reading).toEqual({ bytes: 10, error: new Error("enough") });
    const slow = await blobBench({ kind: "stall", at: 10, resumeAfterMs: 1000 });
    expect(await bytesOf(await slow.get(slow.path))).toEqual(slow.right);
  });

  it("a slow body comes in pieces, with waits between, and can be cut", async () => {
    const { get, path, right, simulation } = await blobBench({
      kind: "pace",
      bytes: 50_000,
      everyMs: 9,
    });
    expect(await bytesOf(await get(path))).toEqual(right);
    simulation.faults.add({ action: { kind: "stall", at: 70_000, resumeAfterMs: 1 } });
    expect(await bytesOf(await get(path))).toEqual(right);
    simulation.faults.add({ action: { kind: "cut", at: 60_000, by: "reset" } });
    expect((await arrival(await get(path))).bytes).toBe(60_000);
  });

  it.each(["close", "reset"] as const)("drop by %s fails the fetch itself", async (by) => {
    const { get, path } = await blobBench({ kind: "drop", by });
    await expect(get(path)).rejects.toThrow(TypeError);
  });
});

describe("faults: what changes bytes", () => {
  it.each([0, 100_000, -1])("flip at %i changes that byte alone, in ranges too", async (at) => {
    const { get, path, right } = await blobBench({ kind: "flip", at, bit: 3 });
    const place = at < 0 ? SIZE + at : at;
    const wrong = right.slice();
    wrong[place] = (wrong[place] ?? 0) ^ 8;
    expect(await bytesOf(await get(path))).toEqual(wrong);
    const range = { range: `bytes=${place}-${place}` };
    expect(await bytesOf(await get(path, { headers: range }))).toEqual(
      wrong.slice(place, place + 1),
    );
  });

  it("truncate and lengthen are complete answers of another length", async () => {
    const short = await blobBench({ kind: "truncate", at: -5 });
    const cut = await short.get(short.path);
    expect(cut.headers.get("content-length")).toBe(String(SIZE - 5));
    expect(await bytesOf(cut)).toEqual(short.right.slice(0, -5));
    const long = await blobBench({ kind: "lengthen", bytes: 5 });
    expect((await bytesOf(await long.get(long.path))).slice(0, SIZE)).toEqual(long.right);
    expect(await bytesOf(await long.get(long.path))).toHaveLength(SIZE + 5);
  });

  it.each(["truncate", "flip"] as const)("%s outside the body changes nothing", async (kind) => {
    const { get, path, right } = await blobBench({ kind, at: SIZE + 1 });
    const response = await get(path);
    expect(response.headers.get("content-length")).toBe(String(SIZE));
    expect(await bytesOf(response)).toEqual(right);
  });

  it("duplicate repeats a segment and keeps the length; replace keeps nothing", async () => {
    const twice = await blobBench({ kind: "duplicate", at: 1000, bytes: 100 });
    const got = await bytesOf(await twice.get(twice.path));
    expect(got).toHaveLength(SIZE);
    expect(got.slice(1000, 1100)).toEqual(twice.right.slice(900, 1000));
    expect(got.slice(1100, 1200)).toEqual(twice.right.slice(1000, 1100));
    const other = await blobBench({ kind: "replace" });
    expect(await bytesOf(await other.get(other.path))).not.toEqual(other.right);
  });

  it("random places are the same in every run", async () => {
    const runs = [];
    for (let i = 0; i < 2; i++) {
      const { get, path } = await blobBench({ kind: "flip", at: "random" });
      runs.push(await bytesOf(await get(path)));
    }
    expect(runs[0]).toEqual(runs[1]);
  });
});

describe("faults: headers and answers", () => {
  it("headers lie, also about the length", async () => {
    const { get, path } = await blobBench({
      kind: "headers",
      set: { "Docker-Content-Digest": "sha256:lie", etag: undefined, "content-length": "300000" },
    });
    const response = await get(path);
    expect(response.headers.get("docker-content-digest")).toBe("sha256:lie");
    expect(response.headers.get("etag")).toBeNull();
    expect(await arrival(response)).toEqual({ bytes: SIZE, error: expect.any(TypeError) });
  });

  it("what exceeds the declared length is not seen", async () => {
    const set = { "content-length": "10" };
    const { get, path, right } = await blobBench({ kind: "headers", set });
    expect(await bytesOf(await get(path))).toEqual(right.slice(0, 10));
  });

  it("a storm answers with Retry-After in seconds or as a date, then stops", async () => {
    const { get, path, clock } = await blobBench(
      { kind: "answer", status: 429, retryAfter: 7 },
      { first: 1 },
    );
    const refused = await get(path);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "7"]);
    expect(await codesOf(refused)).toEqual(["TOOMANYREQUESTS"]);
    expect((await get(path)).status).toBe(200);
    const dated = await blobBench({
      kind: "answer",
      status: 503,
      retryAfter: { dateInSeconds: 10 },
      body: "busy",
    });
    const busy = await dated.get(dated.path);
    expect(busy.headers.get("retry-after")).toBe(new Date(clock.now() + 10_000).toUTCString());
    expect(await busy.text()).toBe("busy");
  });
});

describe("faults: which requests", () => {
  const answer = { kind: "answer", status: 599 } as const;

  async function statuses(fault: Partial<Fault>, count = 6): Promise<number[]> {
    const { get, simulation } = bench();
    simulation.faults.add({ action: answer, ...fault });
    const list = [];
    for (let i = 0; i < count; i++) list.push((await get("/v2/")).status);
    return list;
  }

  it.each<[Partial<Fault>, number[]]>([
    [{}, [1, 2, 3, 4, 5, 6]],
    [{ first: 2 }, [1, 2]],
    [{ nth: 3 }, [3]],
    [{ nth: [2, 5] }, [2, 5]],
    [{ every: 3 }, [3, 6]],
    [{ after: 4 }, [5, 6]],
    [{ every: 2, after: 3 }, [4, 6]],
    [{ path: "/v2/?*" }, []],
    [{ path: /^\/v2/, method: "GET", host: "registry.test" }, [1, 2, 3, 4, 5, 6]],
    [{ host: "https://other.test" }, []],
    [{ method: "HEAD" }, []],
    [{ ranged: true }, []],
    [{ authorized: false, hostKind: "registry" }, [1, 2, 3, 4, 5, 6]],
  ])("%o acts on %o", async (fault, expected) => {
    const hit = (await statuses(fault)).flatMap((status, i) => status === 599 ? [i + 1] : []);
    expect(hit).toEqual(expected);
  });

  it("a fault of one host leaves the trap of every other host alone", async () => {
    const { simulation } = bench();
    simulation.trap("*", { status: 204 });
    simulation.faults.add({ host: "registry.test", action: answer });
    expect((await simulation.fetch(new Request("https://other.test/"))).status).toBe(204);
  });

  it("add() gives the way to take it back; hits are counted; clear() ends all", async () => {
    const { get, simulation } = bench();
    const fault: Fault = { action: answer };
    const remove = simulation.faults.add(fault);
    await get("/v2/");
    expect(simulation.faults.hits(fault)).toBe(1);
    remove();
    expect((await get("/v2/")).status).toBe(200);
    simulation.faults.add(fault);
    simulation.faults.clear();
    expect((await get("/v2/")).status).toBe(200);
  });
});
