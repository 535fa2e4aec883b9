import { describe, expect, it } from "vitest";
import { encodeHex } from "../../src/core/mod.ts";
import { digestOf } from "../../src/simulation/mod.ts";
import { createFrontDoor } from "../../src/front/mod.ts";
import { errorOf } from "../support/front_door.ts";
import {
  begin,
  HALF,
  makeBlob,
  openPushDoor,
  SEALED,
  streamOf,
  UPLOADS,
  withDigest,
} from "../support/door_uploads.ts";

const MIB = 1024 * 1024;
const blob = await makeBlob(9 * MIB + 3);
const small = await makeBlob(10_000, 7);

async function sha512(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-512", bytes);
  return `sha512:${encodeHex(new Uint8Array(hash))}`;
}

describe("registries", () => {
  it("that cap a PATCH get parts", async () => {
    const door = await openPushDoor({ upstream: { profile: "ghcr" } });
    door.registry.configure({ quirks: { largestChunk: 4 * MIB } });
    const init = { method: "PATCH", body: streamOf(blob.bytes), ...HALF };
    const patched = await door.send(await begin(door), init);
    expect([patched.status, patched.headers.get("range")]).toEqual([202, `0-${9 * MIB + 2}`]);
    const put = withDigest(patched.headers.get("location") ?? "", blob.digest);
    expect((await door.send(put, { method: "PUT" })).status).toBe(201);
    const parts = door.simulation.log.filter(({ method }) => method === "PATCH");
    expect(parts.map(({ bodyBytes }) => bodyBytes)).toEqual([4 * MIB, 4 * MIB, MIB + 3]);
  });

  it("that take one PATCH get one", async () => {
    for (const method of ["PUT", "POST"] as const) {
      const door = await openPushDoor({ upstream: { profile: "gar" } });
      door.registry.configure({ quirks: { secondPatch: 405 } });
      const path = method === "PUT" ? await begin(door) : UPLOADS;
      const init = { method, body: streamOf(blob.bytes), ...HALF };
      expect((await door.send(withDigest(path, blob.digest), init)).status).toBe(201);
    }
  });

  it.each([
    ["keep less than they got", { acceptedBytes: 4000 }],
    ["have a Range that stands still", { stuckRange: true }],
    ["have a Range of the last chunk", { chunkRange: true }],
    ["answer 201", { patchStatus: 201 }],
    ["have no status", { uploadStatus: 404 }],
  ])("that %s get the whole blob", async (_, quirks) => {
    const door = await openPushDoor();
    door.registry.configure({ quirks });
    let location = await begin(door);
    for (let at = 0; at < 9000; at += 3000) {
      const patched = await door.send(location, {
        method: "PATCH",
        headers: { "content-range": `${at}-${at + 2999}` },
        body: small.bytes.slice(at, at + 3000),
      });
      expect(patched.status).toBe(202);
      expect(patched.headers.get("range")).toBe(`0-${at + 2999}`);
      location = patched.headers.get("location") ?? "";
    }
    const body = small.bytes.slice(9000);
    const answer = await door.send(withDigest(location, small.digest), { method: "PUT", body });
    expect(answer.status).toBe(201);
  });

  it("that have no status take streams", async () => {
    const door = await openPushDoor();
    door.registry.configure({ quirks: { uploadStatus: 405 } });
    const init = { method: "PATCH", body: streamOf(blob.bytes), ...HALF };
    const patched = await door.send(await begin(door), init);
    expect(patched.headers.get("range")).toBe(`0-${9 * MIB + 2}`);
  });

  it("that keep part of a stream say so, and the blob is read back", async () => {
    const door = await openPushDoor();
    door.registry.configure({ quirks: { acceptedBytes: 2 * MIB } });
    const init = { method: "PATCH", body: streamOf(blob.bytes), ...HALF };
    const patched = await door.send(await begin(door), init);
    expect([patched.status, patched.headers.get("range")]).toEqual([202, `0-${2 * MIB - 1}`]);
    door.registry.configure({ quirks: {} });
    const put = withDigest(patched.headers.get("location") ?? "", blob.digest);
    const body = blob.bytes.slice(2 * MIB);
    expect((await door.send(put, { method: "PUT", body })).status).toBe(201);
  });

  it("with a least chunk tell callers of it", async () => {
    const door = await openPushDoor();
    door.registry.configure({ push: { minChunkBytes: 2000 } });
    const answer = await door.send(UPLOADS, { method: "POST" });
    expect(answer.headers.get("oci-chunk-min-length")).toBe("2000");
    expect(answer.headers.get("oci-chunk-max-length")).toBe(String(95 * MIB));
    const location = answer.headers.get("location") ?? "";
    const patched = await door.send(location, {
      method: "PATCH",
      body: small.bytes.slice(0, 9500),
    });
    expect(patched.headers.get("oci-chunk-min-length")).toBe("2000");
    const put = withDigest(patched.headers.get("location") ?? "", small.digest);
    const body = small.bytes.slice(9500); // shorter, but the last
    expect((await door.send(put, { method: "PUT", body })).status).toBe(201);
  });

  it("that take no pushes say so", async () => {
    const door = await openPushDoor();
    door.registry.configure({ push: undefined } as never);
    const answer = await door.send(UPLOADS, { method: "POST" });
    expect([answer.status, (await errorOf(answer)).code]).toEqual([405, "UNSUPPORTED"]);
  });
});

describe("SHA-512", () => {
  it.each([10_000, 2 * MIB])("named with %i bytes is hashed on the way", async (size) => {
    const { bytes } = await makeBlob(size);
    const digest = await sha512(bytes);
    expect(await digestOf(bytes, "sha512")).toBe(digest);
    for (const form of ["POST", "PUT", "algorithm"]) {
      const door = await openPushDoor();
      const query = form === "algorithm" ? "?digest-algorithm=sha512" : "";
      let path = form === "POST" ? UPLOADS : await begin(door, query);
      if (form === "algorithm") {
        const patched = await door.send(path, { method: "PATCH", body: bytes });
        path = patched.headers.get("location") ?? "";
      }
      const method = form === "POST" ? "POST" : "PUT";
      const body = form === "algorithm" ? null : bytes;
      const answer = await door.send(withDigest(path, digest), { method, body });
      expect([form, answer.status]).toEqual([form, 201]);
      expect(answer.headers.get("docker-content-digest")).toBe(digest);
      expect(door.simulation.log.map(({ target }) => target)).not.toContain(
        `/v2/acme/app/blobs/${digest}`, // it was not read back
      );
    }
  });

  it("named last is read back", async () => {
    const door = await openPushDoor();
    const patched = await door.send(await begin(door), { method: "PATCH", body: small.bytes });
    const location = patched.headers.get("location") ?? "";
    const digest = await sha512(small.bytes);
    const answer = await door.send(withDigest(location, digest), { method: "PUT" });
    expect([answer.status, answer.headers.get("docker-content-digest")]).toEqual([201, digest]);
    expect(door.simulation.log.at(-1)).toMatchObject({ method: "GET", status: 200 });
  });

  it("named last and wrong is refused", async () => {
    const door = await openPushDoor();
    const patched = await door.send(await begin(door), { method: "PATCH", body: small.bytes });
    const location = patched.headers.get("location") ?? "";
    const put = withDigest(location, `sha512:${"0".repeat(128)}`);
    const answer = await door.send(put, { method: "PUT" });
    expect([answer.status, (await errorOf(answer)).code]).toEqual([400, "DIGEST_INVALID"]);
  });
});

describe("mounts", () => {
  const access = { anonymous: ["sim/acme/**:pull,push", "sim/team/**:push", "sim/open/**:pull"] };
  const upstream = { prefix: "p" };

  it.each([
    ["acme/app", 201],
    ["p/acme/app", 201],
    ["team/secret", 202],
    ["acme/other", 202],
    ["../acme/app", 202],
    [undefined, 202],
  ])("from %s: %i", async (from, status) => {
    const door = await openPushDoor({ config: { access }, upstream });
    const { registry, image } = door;
    registry.configure({ push: { anonymousMount: true } });
    registry.add("team/secret", { image });
    const digest = image.layers[0]?.digest ?? "";
    const query = new URLSearchParams({ mount: digest, ...(from && { from }) });
    const answer = await door.send(`/v2/team/app/blobs/uploads/?${query}`, { method: "POST" });
    expect([answer.status, await answer.text()]).toEqual([status, ""]);
    if (status === 201) {
      expect(answer.headers.get("location")).toBe(`/v2/team/app/blobs/${digest}`);
      expect(answer.headers.get("docker-content-digest")).toBe(digest);
    }
    const asked = door.simulation.log.some(({ target }) => target.includes("team%2Fsecret"));
    expect(asked).toBe(false);
  });

  it("that leave nothing become uploads", async () => {
    const door = await openPushDoor({ config: { access } });
    door.registry.configure({ quirks: { emptyMounts: true } });
    const digest = door.image.layers[0]?.digest ?? "";
    const query = new URLSearchParams({ mount: digest, from: "acme/app" });
    const answer = await door.send(`/v2/acme/other/blobs/uploads/?${query}`, { method: "POST" });
    expect(answer.status).toBe(202);
    const put = withDigest(answer.headers.get("location") ?? "", small.digest);
    expect((await door.send(put, { method: "PUT", body: small.bytes })).status).toBe(201);
  });

  it.each([[{ refuseMounts: true }], [{ mountUnknownFrom: 400 }]])(
    "that the registry does not do become uploads: %j",
    async (quirks) => {
      const door = await openPushDoor({ config: { access } });
      door.registry.configure({ quirks });
      const digest = `sha256:${"0".repeat(64)}`;
      const query = new URLSearchParams({ mount: digest, from: "acme/nothing" });
      const answer = await door.send(`${UPLOADS}?${query}`, { method: "POST" });
      expect(answer.status).toBe(202);
      const put = withDigest(answer.headers.get("location") ?? "", small.digest);
      expect((await door.send(put, { method: "PUT", body: small.bytes })).status).toBe(201);
    },
  );
});

describe("DELETE of an upload", () => {
  it.each([undefined, 405])("gives it up; the registry answers %s", async (uploadDelete) => {
    const door = await openPushDoor();
    const location = await begin(door);
    door.registry.configure({ quirks: { ...(uploadDelete && { uploadDelete }) } });
    const answer = await door.send(location, { method: "DELETE" });
    expect([answer.status, await answer.text()]).toEqual([204, ""]);
    const after = await door.send(location);
    expect(after.status).toBe(uploadDelete === undefined ? 404 : 204);
  });
});

describe("who may push", () => {
  it("nobody without a rule, and nothing is sent", async () => {
    const door = await openPushDoor({ config: { access: { anonymous: ["sim/**:pull"] } } });
    const answer = await door.send(UPLOADS, { method: "POST" });
    expect(answer.status).toBe(403);
    expect(door.simulation.log).toHaveLength(0);
  });

  it("tokens of registries are fetched before bytes are sent, by any isolate", async () => {
    const config = {
      upstreams: [{
        ...{ name: "sim", origin: "https://registry.test", default: true },
        credentials: { username: "me", password: { secret: "PASSWORD" } },
        tokenOrigins: ["https://auth.test"],
      }],
      ...SEALED.config,
    };
    const { simulation, registry } = await openPushDoor();
    const tokens = simulation.tokenService("auth.test", { users: { me: "secret" } });
    registry.configure({ auth: { mode: "bearer", tokens } });
    // a door for each request: nothing is remembered
    const send = (path: string, init: RequestInit): Promise<Response> =>
      createFrontDoor(config, { fetch: simulation.fetch })
        .fetch(new Request(`https://door.test${path}`, init), {
          ...SEALED.env,
          PASSWORD: "secret",
        });
    const begun = await send(UPLOADS, { method: "POST" });
    const patched = await send(begun.headers.get("location") ?? "", {
      ...{ method: "PATCH", body: streamOf(blob.bytes) },
      ...HALF,
    });
    expect([patched.status, patched.headers.get("range")]).toEqual([202, `0-${9 * MIB + 2}`]);
    const put = withDigest(patched.headers.get("location") ?? "", blob.digest);
    expect((await send(put, { method: "PUT" })).status).toBe(201);
  });
});
