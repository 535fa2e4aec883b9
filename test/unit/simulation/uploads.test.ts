import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { digestOf } from "../../../src/simulation/mod.ts";
import type { PushSettings } from "../../../src/simulation/mod.ts";
import { nodeHasher } from "../../../src/simulation/serve_node.ts";
import { pieces, pushBench, someBytes, withDigest } from "./push_support.ts";

const BYTES = someBytes(10_000);
const DIGEST = await digestOf(BYTES);
const UPLOADS = "/v2/a/b/blobs/uploads/";

const chunk = (start: number, end: number): RequestInit => ({
  body: BYTES.slice(start, end),
  headers: { "content-range": `${start}-${end - 1}` },
});

describe("uploads: a registry without push settings", () => {
  it("is read-only", async () => {
    const { send, registry } = pushBench();
    registry.configure({ push: undefined });
    expect(await send("POST", UPLOADS)).toMatchObject({ status: 405, codes: ["UNSUPPORTED"] });
    expect((await send("PUT", "/v2/a/b/manifests/x", { body: "{}" })).status).toBe(405);
  });
});

describe("uploads: end-4a and end-6, POST then PUT", () => {
  it("files the blob in that repository alone", async () => {
    const { send, get, registry } = pushBench();
    const start = await send("POST", UPLOADS);
    expect([start.status, start.headers.get("range"), start.headers.get("oci-chunk-min-length")])
      .toEqual([202, "0-0", null]);
    const location = start.headers.get("location") ?? "";
    expect(location).toMatch(/^https:\/\/registry\.test\/v2\/a\/b\/blobs\/uploads\/[0-9a-f]{32}$/);
    const end = await send("PUT", withDigest(location, DIGEST), { body: BYTES });
    expect([end.status, end.headers.get("location"), end.headers.get("docker-content-digest")])
      .toEqual([201, `https://registry.test/v2/a/b/blobs/${DIGEST}`, DIGEST]);
    const blob = await get(`/v2/a/b/blobs/${DIGEST}`);
    expect(new Uint8Array(await blob.arrayBuffer())).toEqual(BYTES);
    expect((await get(`/v2/c/blobs/${DIGEST}`)).status).toBe(404);
    expect((await send("GET", location)).codes).toEqual(["BLOB_UPLOAD_UNKNOWN"]);
    expect(registry.uploads.size).toBe(0);
  });

  it.each(["sha256", "sha512"] as const)("the empty blob, by %s", async (algorithm) => {
    const { send, open, get } = pushBench();
    const digest = await digestOf(new Uint8Array(), algorithm);
    expect((await send("PUT", withDigest(await open("a"), digest))).status).toBe(201);
    expect((await get(`/v2/a/blobs/${digest}`)).headers.get("content-length")).toBe("0");
  });

  it("sha512 needs no digest-algorithm; with one it must be that", async () => {
    const { send, open } = pushBench();
    const digest = await digestOf(BYTES, "sha512");
    for (const query of ["", "?digest-algorithm=sha512"]) {
      const location = await open("a", query);
      expect((await send("PUT", withDigest(location, digest), { body: BYTES })).status).toBe(201);
    }
    const other = withDigest(await open("a", "?digest-algorithm=sha512"), DIGEST);
    expect((await send("PUT", other, { body: BYTES })).codes).toEqual(["DIGEST_INVALID"]);
    const unknown = await send("POST", `${UPLOADS}?digest-algorithm=md5`);
    expect([unknown.status, unknown.codes]).toEqual([400, ["DIGEST_INVALID"]]);
  });

  it("a wrong digest ends the upload; one that is none leaves it", async () => {
    const { send, open, registry } = pushBench();
    const location = await open("a");
    for (const digest of ["sha256:abc", "x", `md5:${"0".repeat(32)}`]) {
      const refused = await send("PUT", withDigest(location, digest), { body: BYTES });
      expect([refused.status, refused.codes]).toEqual([400, ["DIGEST_INVALID"]]);
    }
    expect((await send("PUT", location)).status).toBe(400);
    const wrong = await send("PUT", withDigest(location, `sha256:${"0".repeat(64)}`), {
      body: BYTES,
    });
    expect([wrong.status, wrong.codes]).toEqual([400, ["DIGEST_INVALID"]]);
    expect((await send("GET", location)).status).toBe(404);
    expect(registry.repository("a").blobs.size).toBe(0);
  });

  it("an upload is known in its own repository alone", async () => {
    const { send, open } = pushBench();
    const location = (await open("a")).replace("/v2/a/", "/v2/b/");
    expect((await send("PATCH", location, { body: "x" })).status).toBe(404);
  });
});

describe("uploads: end-4b, one POST", () => {
  it("files the blob, the empty one too, or refuses a wrong digest", async () => {
    const { send, registry } = pushBench();
    const stored = await send("POST", `${UPLOADS}?digest=${DIGEST}`, { body: BYTES });
    expect([stored.status, stored.headers.get("location")])
      .toEqual([201, `https://registry.test/v2/a/b/blobs/${DIGEST}`]);
    const empty = await digestOf(new Uint8Array());
    expect((await send("POST", `${UPLOADS}?digest=${empty}`)).status).toBe(201);
    const wrong = await send("POST", `${UPLOADS}?digest=${DIGEST}`, { body: "x" });
    expect([wrong.status, wrong.codes, registry.uploads.size]).toEqual([400, [
      "DIGEST_INVALID",
    ], 0]);
  });
});

describe("uploads: end-5 and end-13, chunks", () => {
  it("PATCH with Content-Range goes on where the upload ends", async () => {
    const { send, open, get } = pushBench();
    let location = await open("a");
    for (const [start, end] of [[0, 1], [1, 4000], [4000, 9000]] as const) {
      const { status, headers } = await send("PATCH", location, chunk(start, end));
      expect([status, headers.get("range")]).toEqual([202, `0-${end - 1}`]);
      location = headers.get("location") ?? "";
      const now = await send("GET", location);
      expect([now.status, now.headers.get("range"), now.headers.get("location")])
        .toEqual([204, `0-${end - 1}`, location]);
    }
    const end = await send("PUT", withDigest(location, DIGEST), chunk(9000, 10_000));
    expect(end.status).toBe(201);
    const blob = await get(`/v2/a/blobs/${DIGEST}`);
    expect(new Uint8Array(await blob.arrayBuffer())).toEqual(BYTES);
  });

  it.each(["5-9", "1-5000", "0-4999", "bytes 5000-9999/10000", "5000-", "9-5"])(
    "Content-Range %s is 416, and nothing is stored",
    async (range) => {
      const { send, open } = pushBench();
      const location = await open("a");
      await send("PATCH", location, chunk(0, 5000));
      const headers = { "content-range": range };
      const body = BYTES.slice(5000);
      expect(await send("PATCH", location, { body, headers }))
        .toMatchObject({ status: 416, codes: ["RANGE_INVALID"] });
      expect((await send("PUT", withDigest(location, DIGEST), { body, headers })).status).toBe(416);
      expect((await send("GET", location)).headers.get("range")).toBe("0-4999");
      expect((await send("PUT", withDigest(location, DIGEST), { body })).status).toBe(201);
    },
  );

  it("a body of another length than its Content-Range is SIZE_INVALID, and taken back", async () => {
    const { send, open } = pushBench();
    const location = await open("a");
    const headers = { "content-range": "0-99" };
    const refused = await send("PATCH", location, { body: BYTES, headers });
    expect([refused.status, refused.codes]).toEqual([400, ["SIZE_INVALID"]]);
    expect((await send("GET", location)).headers.get("range")).toBe("0-0");
    expect((await send("PATCH", location, chunk(0, 100))).status).toBe(202);
  });

  it("PATCH without Content-Range is a stream", async () => {
    const { send, open } = pushBench();
    const location = await open("a");
    const parts = [BYTES.slice(0, 3), BYTES.slice(3, 7000)];
    expect((await send("PATCH", location, pieces(parts))).headers.get("range")).toBe("0-6999");
    const last = pieces([BYTES.slice(7000)]);
    expect((await send("PUT", withDigest(location, DIGEST), last)).status).toBe(201);
  });

  it("chunks of one upload wait for each other", async () => {
    const { send, open } = pushBench();
    const location = await open("a");
    const both = [chunk(0, 5000), chunk(0, 5000), chunk(5000, 9000)]
      .map((init) => send("PATCH", location, init));
    expect((await Promise.all(both)).map(({ status }) => status)).toEqual([202, 416, 202]);
    expect((await send("GET", location)).headers.get("range")).toBe("0-8999");
  });

  it("OCI-Chunk-Min-Length: after a shorter chunk only the end may come", async () => {
    const { send, open } = pushBench({ minChunkBytes: 4000 });
    const start = await send("POST", UPLOADS);
    expect(start.headers.get("oci-chunk-min-length")).toBe("4000");
    const location = await open("a");
    expect((await send("PATCH", location, chunk(0, 4000))).status).toBe(202);
    expect((await send("PATCH", location, chunk(4000, 7000))).status).toBe(202);
    expect((await send("PATCH", location, chunk(7000, 10_000))).status).toBe(416);
    const short = await digestOf(BYTES.slice(0, 7000));
    expect((await send("PUT", withDigest(location, short))).status).toBe(201);
  });
});

describe("uploads: end-14 and lifetimes", () => {
  it("DELETE ends an upload", async () => {
    const { send, open } = pushBench();
    const location = await open("a");
    expect((await send("DELETE", location)).status).toBe(204);
    for (const method of ["DELETE", "GET", "PATCH", "PUT"]) {
      const gone = await send(method, withDigest(location, DIGEST));
      expect([gone.status, gone.codes]).toEqual([404, ["BLOB_UPLOAD_UNKNOWN"]]);
    }
  });

  it("an upload that has expired is unknown", async () => {
    const { send, open, clock, registry } = pushBench({ uploadLifetimeMs: 1000 });
    const location = await open("a");
    clock.move(999);
    expect((await send("GET", location)).status).toBe(204);
    clock.move(1);
    expect([(await send("GET", location)).status, registry.uploads.size]).toEqual([404, 0]);
  });
});

describe("uploads: Location", () => {
  it.each<[PushSettings, RegExp]>([
    [{ location: "relative" }, /^\/v2\/a\/b\/blobs\/uploads\/\w+$/],
    [{ location: "explicit-port" }, /^https:\/\/registry\.test:443\/v2\//],
    [{ locationQuery: "fixed" }, /\?_state=\w+$/],
  ])("%j", async (push, form) => {
    const { send } = pushBench(push);
    const location = (await send("POST", UPLOADS)).headers.get("location") ?? "";
    expect(location).toMatch(form);
    expect((await send("PATCH", location, chunk(0, 10))).headers.get("location")).toMatch(form);
  });

  it("a query must come back; a fresh one works once", async () => {
    const { send, open } = pushBench({ locationQuery: "fresh" });
    const location = await open("a");
    const bare = location.replace(/\?.*/, "");
    expect((await send("PATCH", bare, { body: "x" })).codes).toEqual(["BLOB_UPLOAD_INVALID"]);
    const next = (await send("PATCH", location, chunk(0, 10))).headers.get("location") ?? "";
    expect((await send("PATCH", location, chunk(10, 20))).status).toBe(404);
    expect((await send("PATCH", next, chunk(10, 20))).status).toBe(202);
  });

  it("uploads may go on at another host; the blob is filed at home", async () => {
    const { simulation, registry, send, get } = pushBench();
    const elsewhere = simulation.registry("uploads.test", { push: {} });
    registry.configure({ push: { uploadsAt: elsewhere } });
    const location = (await send("POST", UPLOADS)).headers.get("location") ?? "";
    expect(location).toMatch(/^https:\/\/uploads\.test\/v2\/a\/b\//);
    expect((await send("PATCH", location, chunk(0, 5000))).status).toBe(202);
    const end = await send("PUT", withDigest(location, DIGEST), chunk(5000, 10_000));
    expect(end.headers.get("location")).toBe(`https://registry.test/v2/a/b/blobs/${DIGEST}`);
    expect((await get(`/v2/a/b/blobs/${DIGEST}`)).status).toBe(200);
  });
});

describe("uploads: what is kept", () => {
  it("keep: digest has size and digest alone, by any algorithm named in time", async () => {
    const { send, open, get } = pushBench({ keep: "digest", hasher: nodeHasher });
    const location = await open("a");
    await send("PATCH", location, chunk(0, 5000));
    await send("PATCH", location, chunk(5000, 9000));
    const end = await send("PUT", withDigest(location, DIGEST), chunk(9000, 10_000));
    expect(end.status).toBe(201);
    const head = await get(`/v2/a/blobs/${DIGEST}`, { method: "HEAD" });
    expect(head.headers.get("content-length")).toBe("10000");
    const sha512 = `sha512:${createHash("sha512").update(BYTES).digest("hex")}`;
    expect((await send("PUT", withDigest(await open("a"), sha512), { body: BYTES })).status)
      .toBe(201);
    const late = await open("a");
    await send("PATCH", late, chunk(0, 10_000));
    expect((await send("PUT", withDigest(late, sha512))).codes).toEqual(["DIGEST_INVALID"]);
  });

  it("keep: digest without a hasher is misuse", () => {
    expect(() => pushBench({ keep: "digest" })).toThrow(TypeError);
  });

  it("a broken body leaves what came, or nothing", async () => {
    for (
      const [brokenBody, keep, range] of [
        ["keep", "content", "0-2999"],
        [
          "discard",
          "content",
          "0-999",
        ],
        ["keep", "digest", "0-2999"],
        ["discard", "digest", null],
      ] as const
    ) {
      const { send, open, simulation } = pushBench({ brokenBody, keep, hasher: nodeHasher });
      const location = await open("a");
      await send("PATCH", location, chunk(0, 1000));
      const broken = pieces([BYTES.slice(1000, 3000)], new Error("gone"));
      await expect(send("PATCH", location, broken)).rejects.toThrow("gone");
      expect(simulation.log.at(-1)).toMatchObject({
        method: "PATCH",
        bodyBytes: 2000,
        status: 0,
        outcome: "cancelled",
      });
      expect((await send("GET", location)).headers.get("range")).toBe(range);
    }
  });
});
