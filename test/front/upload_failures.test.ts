import { describe, expect, it } from "vitest";
import type { Fetch } from "../../src/core/mod.ts";
import { type CheckpointStore } from "../../src/front/mod.ts";
import { UploadCheckpoint } from "../../src/front/worker.ts";
import { errorOf, readBody, sha256Hex, type TestDoor } from "../support/front_door.ts";
import {
  begin,
  HALF,
  makeBlob,
  openPushDoor,
  streamOf,
  type TestBlob,
  UPLOADS,
  withDigest,
} from "../support/door_uploads.ts";

const SIZE = 4 * 1024 * 1024 + 3;
const blob = await makeBlob(SIZE);
const small = await makeBlob(10_000, 7);
const PATCHES = { method: "PATCH", path: "*/uploads/*" };
const forgetful: CheckpointStore = {
  put: () => Promise.resolve(),
  get: () => Promise.resolve(new Map()),
  delete: () => Promise.resolve(),
};

function pushes({ simulation }: TestDoor): readonly string[] {
  return simulation.log.map(({ method, target }) =>
    target.includes("sha256:") && method !== "PUT" ? `${method} blob` : method
  );
}

async function expectThere({ send }: TestDoor, { bytes, digest }: TestBlob): Promise<void> {
  const got = await readBody(await send(`/v2/acme/app/blobs/${digest}`));
  expect([got.complete, got.bytes.length]).toEqual([true, bytes.length]);
  expect(`sha256:${await sha256Hex(got.bytes)}`).toBe(digest);
}

/** Where an upload stands, by GET. */
async function standing(
  { send }: TestDoor,
  location: string,
): Promise<{ readonly offset: number; readonly location: string }> {
  const answer = await send(location);
  expect(answer.status).toBe(204);
  const end = Number(answer.headers.get("range")?.slice(2));
  return { offset: end + 1, location: answer.headers.get("location") ?? "" };
}

async function finish(door: TestDoor, from: string, blob: TestBlob): Promise<Response> {
  const { offset, location } = await standing(door, from);
  return await door.send(withDigest(location, blob.digest), {
    method: "PUT",
    headers: { "content-range": `${offset}-${blob.bytes.length - 1}` },
    body: blob.bytes.slice(offset),
  });
}

/** A namespace of real `UploadCheckpoint`s over storage in memory. */
function durableUploads(): object {
  const objects = new Map<string, UploadCheckpoint>();
  const create = (): UploadCheckpoint => {
    const values = new Map<string, unknown>();
    return new UploadCheckpoint({
      storage: {
        get: async (key) => values.get(key),
        put: async (key, value) => void values.set(key, structuredClone(value)),
        setAlarm: async () => {},
        deleteAll: async () => values.clear(),
      },
    });
  };
  return {
    idFromName: (name: string) => name,
    get: (id: string) => ({
      fetch: (url: string, init?: RequestInit): Promise<Response> => {
        const object = objects.get(id) ?? create();
        objects.set(id, object);
        return object.fetch(new Request(url, init));
      },
    }),
  };
}

describe("a caller that breaks off", () => {
  it.each(
    [
      ["in memory", {}, false],
      ["in Durable Objects", { env: { UPLOADS: durableUploads() } }, false],
      ["nowhere", { options: { checkpoints: forgetful } }, true],
    ] as const,
  )(
    "goes on where the upstream stands; checkpoints %s",
    async (_, options, readsBack) => {
      for (const at of [1_500_000, 2_097_152, SIZE - 1]) {
        const door = await openPushDoor(options);
        const location = await begin(door);
        const cut = await door.send(location, {
          ...{ method: "PATCH", body: streamOf(blob.bytes, 100_000, at) },
          ...HALF,
        });
        expect([cut.status, (await errorOf(cut)).code]).toEqual([400, "SIZE_INVALID"]);
        await door.settled();
        expect((await standing(door, location)).offset).toBe(at);
        expect((await finish(door, location, blob)).status).toBe(201);
        expect(pushes(door).includes("GET blob")).toBe(readsBack);
        await expectThere(door, blob);
      }
    },
  );

  it("goes on at a registry that answers only at its newest address", async () => {
    const door = await openPushDoor();
    door.registry.configure({ push: { locationQuery: "fresh" } });
    const location = await begin(door);
    const body = streamOf(blob.bytes, 100_000, 2_000_000);
    await door.send(location, { method: "PATCH", body, ...HALF });
    await door.settled();
    expect((await finish(door, location, blob)).status).toBe(201);
  });

  it("within a body that is held in memory has sent nothing", async () => {
    const door = await openPushDoor();
    const location = await begin(door);
    const body = streamOf(small.bytes, 1000, 5000);
    expect((await door.send(location, { method: "PATCH", body, ...HALF })).status).toBe(400);
    expect(pushes(door)).toEqual(["POST"]);
  });
});

describe("an upstream that breaks", () => {
  it.each([[{}, true], [{ options: { checkpoints: forgetful } }, true]])(
    "in the middle of a stream is asked where it stands, and the blob is read back",
    async (options, readsBack) => {
      const door = await openPushDoor(options);
      const location = await begin(door);
      const at = 2_345_678;
      const action = { kind: "cut-request", at, by: "reset" } as const;
      door.simulation.faults.add({ ...PATCHES, first: 1, action });
      const cut = await door.send(location, {
        ...{ method: "PATCH", body: streamOf(blob.bytes) },
        ...HALF,
      });
      expect(cut.status).toBe(502);
      expect((await standing(door, location)).offset).toBe(at);
      expect((await finish(door, location, blob)).status).toBe(201);
      expect(pushes(door).includes("GET blob")).toBe(readsBack);
      await expectThere(door, blob);
    },
  );

  it.each(["a stream", "a chunk", "the whole"])(
    "after one byte, which is told as none is, is sent %s from there on",
    async (what) => {
      const door = await openPushDoor();
      const bytes = blob.bytes.slice(0, what === "a stream" ? SIZE : 10_000);
      const digest = `sha256:${await sha256Hex(bytes)}`;
      const location = await begin(door);
      const action = { kind: "cut-request", at: 1, by: "reset" } as const;
      door.simulation.faults.add({ ...PATCHES, first: 1, action });
      const patch = { method: "PATCH", ...HALF };
      const cut = await door.send(location, { ...patch, body: streamOf(blob.bytes) });
      expect(cut.status).toBe(502);
      const asked = await door.send(location);
      expect([asked.status, asked.headers.get("range")]).toEqual([204, "0-0"]);
      let next = asked.headers.get("location") ?? "";
      if (what !== "the whole") {
        const body = what === "a stream" ? streamOf(bytes) : bytes;
        const patched = await door.send(next, { ...patch, body });
        expect([patched.status, patched.headers.get("range")])
          .toEqual([202, `0-${bytes.length - 1}`]);
        next = patched.headers.get("location") ?? "";
      }
      const last = what === "the whole" ? { body: bytes } : {};
      const put = await door.send(withDigest(next, digest), { method: "PUT", ...last });
      expect(put.status).toBe(201);
      await expectThere(door, { bytes, digest });
    },
  );

  it.each([1, 5000, -1])("at byte %i of a small chunk gets the rest of it", async (at) => {
    const door = await openPushDoor();
    const location = await begin(door);
    const action = { kind: "cut-request", at, by: "close" } as const;
    door.simulation.faults.add({ ...PATCHES, first: 1, action });
    const patched = await door.send(location, { method: "PATCH", body: small.bytes });
    expect([patched.status, patched.headers.get("range")]).toEqual([202, "0-9999"]);
    const put = withDigest(patched.headers.get("location") ?? "", small.digest);
    expect((await door.send(put, { method: "PUT" })).status).toBe(201);
    expect(pushes(door)).not.toContain("GET blob");
  });

  it("after it took a small chunk is believed", async () => {
    const door = await openPushDoor();
    const location = await begin(door);
    door.simulation.faults.add({ ...PATCHES, first: 1, action: { kind: "drop", by: "close" } });
    const patched = await door.send(location, { method: "PATCH", body: small.bytes });
    expect([patched.status, patched.headers.get("range")]).toEqual([202, "0-9999"]);
    expect(pushes(door)).toEqual(["POST", "PATCH", "GET"]);
  });

  it.each([[undefined, 0], [3_000_000, 3_000_000]])(
    "and forgets what came, all or down to %s, is sent it again",
    async (kept, offset) => {
      const door = await openPushDoor();
      if (kept === undefined) door.registry.configure({ push: { brokenBody: "discard" } });
      const location = await begin(door);
      const at = kept ?? 3_000_000;
      const action = { kind: "cut-request", at, by: "close" } as const;
      door.simulation.faults.add({ ...PATCHES, first: 1, action });
      await door.send(location, { method: "PATCH", body: streamOf(blob.bytes), ...HALF });
      const answer = await door.send(location);
      expect(answer.headers.get("range")).toBe(`0-${Math.max(offset - 1, 0)}`);
    },
  );
});

describe("a lost answer", () => {
  it.each([[false], [true]])("to the commit, unseen %s: HEAD decides", async (unseen) => {
    const door = await openPushDoor();
    const action = { kind: "drop", by: "close", unseen } as const;
    door.simulation.faults.add({ method: "PUT", first: unseen ? 9 : 1, action });
    const answer = await door.send(withDigest(await begin(door), small.digest), {
      method: "PUT",
      body: small.bytes,
    });
    expect(answer.status).toBe(unseen ? 502 : 201);
    if (!unseen) await expectThere(door, small);
  });

  it("to the caller's chunk: the next one finds the upload where it is", async () => {
    const door = await openPushDoor();
    const location = await begin(door);
    const send = (start: number, end: number): Promise<Response> =>
      door.send(location, {
        method: "PATCH",
        headers: { "content-range": `${start}-${end - 1}` },
        body: small.bytes.slice(start, end),
      });
    expect((await send(0, 4000)).status).toBe(202);
    await door.settled();
    // the same again, at the old address: the upstream stands elsewhere
    const again = await send(0, 4000);
    expect([again.status, again.headers.get("range")]).toEqual([416, "0-3999"]);
    expect((await errorOf(again)).code).toBe("RANGE_INVALID");
    // the next, at the old address: nothing is lost
    const next = await send(4000, 9000);
    expect([next.status, next.headers.get("range")]).toEqual([202, "0-8999"]);
    const put = withDigest(next.headers.get("location") ?? "", small.digest);
    const last = { method: "PUT", body: small.bytes.slice(9000) };
    expect((await door.send(put, last)).status).toBe(201);
    expect(pushes(door)).not.toContain("GET blob");
  });

  it("to a streamed chunk that is sent again: it is told where the upload is", async () => {
    const door = await openPushDoor();
    const location = await begin(door);
    const patch = { method: "PATCH", ...HALF };
    await door.send(location, { ...patch, body: streamOf(blob.bytes) });
    await door.settled();
    const again = await door.send(location, { ...patch, body: streamOf(blob.bytes) });
    expect([again.status, again.headers.get("range")]).toEqual([416, `0-${SIZE - 1}`]);
    const put = withDigest(again.headers.get("location") ?? "", blob.digest);
    expect((await door.send(put, { method: "PUT" })).status).toBe(201);
  });
});

describe("chunks that are none", () => {
  it.each([
    [{ "content-range": "5-9" }, 5, 416, "RANGE_INVALID"],
    [{ "content-range": "0-9" }, 5, 400, "SIZE_INVALID"],
    [{ "content-range": "9-5" }, 5, 416, "RANGE_INVALID"],
    [{ "content-range": "0-" }, 5, 416, "RANGE_INVALID"],
    [{ "content-range": "-5" }, 5, 416, "RANGE_INVALID"],
    [{ "content-range": "0-4, 5-9" }, 5, 416, "RANGE_INVALID"],
    [{ "content-range": "0-99999999999999999" }, 5, 416, "RANGE_INVALID"],
  ])("are refused: %j with %i bytes", async (headers, size, status, code) => {
    const door = await openPushDoor();
    const location = await begin(door);
    for (const method of ["PATCH", "PUT"]) {
      const body = small.bytes.slice(0, size);
      // where its length is told, as every client does
      const length = { "content-length": String(size) };
      const init = { method, headers: { ...headers, ...length }, body };
      const answer = await door.send(withDigest(location, small.digest), init);
      expect([method, answer.status, (await errorOf(answer)).code]).toEqual([method, status, code]);
    }
    expect(pushes(door)).not.toContain("PATCH");
    expect(pushes(door)).not.toContain("PUT");
  });

  it.each([[10_000, 9_000], [10_000, 11_000], [SIZE, SIZE - 1], [SIZE, SIZE + 1]])(
    "are refused where %i bytes come for a range of %i",
    async (size, ranged) => {
      const door = await openPushDoor();
      const location = await begin(door);
      const answer = await door.send(location, {
        method: "PATCH",
        headers: { "content-range": `0-${ranged - 1}` },
        body: streamOf(blob.bytes.slice(0, size)),
        ...HALF,
      });
      expect([answer.status, (await errorOf(answer)).code]).toEqual([400, "SIZE_INVALID"]);
      await door.settled();
      const { offset } = await standing(door, location);
      expect(offset).toBeLessThanOrEqual(Math.min(size, ranged));
    },
  );

  it("leave nothing behind where the caller has no address to go on at", async () => {
    const door = await openPushDoor();
    const init = { method: "POST", body: streamOf(blob.bytes, 64 * 1024, 3_000_000), ...HALF };
    const answer = await door.send(withDigest(UPLOADS, blob.digest), init).catch(() => undefined);
    expect(answer?.status ?? 400).toBe(400);
    await door.settled();
    expect(door.registry.uploads.size).toBe(0);
  });

  it.each(["", "sha256:00", `md5:${"0".repeat(32)}`, `sha512:${"A".repeat(128)}`])(
    "nor are digests like %j",
    async (digest) => {
      const door = await openPushDoor();
      const location = await begin(door);
      for (const [path, method] of [[location, "PUT"], [UPLOADS, "POST"]] as const) {
        const init = { method, body: small.bytes };
        const answer = await door.send(withDigest(path, digest), init);
        expect([answer.status, (await errorOf(answer)).code]).toEqual([400, "DIGEST_INVALID"]);
      }
    },
  );
});

describe("an upstream that refuses in the middle of a chunk", () => {
  const received = 2 * 1024 * 1024;

  /** A caller that has more to send, but not now. */
  function pausing(): ReadableStream<Uint8Array> {
    let at = 0;
    return new ReadableStream<Uint8Array>({
      pull(controller): Promise<void> | undefined {
        if (at >= received) return new Promise(() => {});
        controller.enqueue(blob.bytes.slice(at, at += 64 * 1024));
        return undefined;
      },
    }, { highWaterMark: 0 });
  }

  it.each([[413, 413], [403, 403], [500, 502], [429, 429]])(
    "by %i is not taken for a caller that broke off: %i",
    async (status, told) => {
      const before: { fetch?: Fetch } = {};
      const fetch: Fetch = async (request) => {
        if (request.method !== "PATCH") return await before.fetch?.(request) as Response;
        const reader = request.body?.getReader();
        for (let length = 0; length < received;) {
          length += (await reader?.read())?.value?.length ?? received;
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
        return new Response(null, { status });
      };
      const door = await openPushDoor({ options: { fetch } });
      before.fetch = door.simulation.fetch;
      const init = { method: "PATCH", body: pausing(), ...HALF };
      const answer = await door.send(await begin(door), init);
      expect(answer.status).toBe(told);
    },
  );
});

describe("an upstream that lies", () => {
  it("about the digest is read back, and what is wrong is deleted", async () => {
    const door = await openPushDoor({ options: { checkpoints: forgetful } });
    const location = await begin(door);
    await door.send(location, { method: "PATCH", body: small.bytes.slice(0, 4000) });
    const { simulation } = door;
    simulation.faults.add({ method: "PUT", action: { kind: "answer", status: 201 } });
    const body = new TextDecoder("latin1").decode(small.bytes).replace(/[^ -~]/g, "x");
    simulation.faults.add({
      ...{ method: "GET", path: "*/blobs/sha256:*" },
      action: { kind: "answer", status: 200, body: body.slice(0, 10_000) },
    });
    const slow = { kind: "delay", ms: 50, before: "commit" } as const;
    simulation.faults.add({ method: "DELETE", action: slow });
    const answer = await finish(door, location, small);
    expect([answer.status, (await errorOf(answer)).code]).toEqual([400, "DIGEST_INVALID"]);
    expect(pushes(door).at(-1)).toBe("DELETE blob");
    expect(simulation.log.at(-1)?.status).not.toBe(0); // it is gone before the caller can look
  });

  it("about a blob that it had before costs nobody that blob", async () => {
    const door = await openPushDoor();
    const there = withDigest(await begin(door), small.digest);
    expect((await door.send(there, { method: "PUT", body: small.bytes })).status).toBe(201);
    // bytes of an algorithm that was not told are not hashed, and a 201 to what is there checks nothing
    const other = await makeBlob(10, 3);
    const patched = await door.send(await begin(door, "?digest-algorithm=sha512"), {
      ...{ method: "PATCH", body: other.bytes },
    });
    door.simulation.faults.add({ method: "PUT", action: { kind: "answer", status: 201 } });
    const put = withDigest(patched.headers.get("location") ?? "", small.digest);
    const answer = await door.send(put, { method: "PUT" });
    expect([answer.status, (await errorOf(answer)).code]).toEqual([400, "DIGEST_INVALID"]);
    await expectThere(door, small);
  });

  it("with another digest in its 201 is read back", async () => {
    const door = await openPushDoor();
    const digestHeader = `sha256:${"1".repeat(64)}`;
    door.registry.configure({ quirks: { digestHeader } });
    const put = withDigest(await begin(door), small.digest);
    const answer = await door.send(put, { method: "PUT", body: small.bytes });
    expect(answer.headers.get("docker-content-digest")).not.toBe(digestHeader);
    expect(pushes(door)).toContain("GET blob");
  });
});
