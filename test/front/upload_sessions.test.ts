import { describe, expect, it } from "vitest";
import { createFrontDoor } from "../../src/front/mod.ts";
import type { Fault } from "../../src/simulation/mod.ts";
import { basic, errorOf, sha256Hex } from "../support/front_door.ts";
import {
  begin,
  makeBlob,
  openPushDoor,
  SEALED,
  UPLOADS,
  withDigest,
} from "../support/door_uploads.ts";
import { createTestClock } from "../support/test_clock.ts";

const METHODS = ["PATCH", "PUT", "GET", "DELETE"];
const DIGEST = `sha256:${"0".repeat(64)}`;

describe("upload addresses", () => {
  it.each(METHODS)("that were changed are unknown, and nothing is sent: %s", async (method) => {
    const door = await openPushDoor();
    const location = await begin(door);
    const sent = door.simulation.log.length;
    const at = location.length;
    const other = (text: string): string => text === "A" ? "B" : "A";
    const changed = [
      location.slice(0, at - 1),
      ...[UPLOADS.length, UPLOADS.length + 20, at - 30, at - 2].map((i) =>
        location.slice(0, i) + other(location[i] ?? "") + location.slice(i + 1)
      ),
      `${UPLOADS}forged`,
      `${UPLOADS}${"A".repeat(200)}`,
    ];
    for (const address of changed) {
      const answer = await door.send(withDigest(address, DIGEST), { method });
      expect([answer.status, (await errorOf(answer)).code]).toEqual([404, "BLOB_UPLOAD_UNKNOWN"]);
    }
    expect(door.simulation.log).toHaveLength(sent);
  });

  it.each(METHODS)(
    "are unknown in another repository and to another caller: %s",
    async (method) => {
      const tokens = await Promise.all(["one", "two"].map(async (name) => ({
        ...{ name, sha256: await sha256Hex(name), allow: ["sim/**:pull,push"] },
      })));
      const door = await openPushDoor({ config: { access: { tokens } } });
      const answer = await door.send(UPLOADS, { method: "POST", headers: basic("x:one") });
      const location = answer.headers.get("location") ?? "";
      const sent = door.simulation.log.length;
      const address = withDigest(location, DIGEST);
      for (const [path, pair] of [[address, "x:two"], [address.replace("app", "b"), "x:one"]]) {
        const refused = await door.send(path ?? "", { method, headers: basic(pair ?? "") });
        expect([refused.status, (await errorOf(refused)).code]).toEqual([
          404,
          "BLOB_UPLOAD_UNKNOWN",
        ]);
      }
      expect(door.simulation.log).toHaveLength(sent);
      const own = await door.send(location, { headers: basic("x:one") });
      expect(own.status).toBe(204);
    },
  );

  it("open for a day", async () => {
    const clock = createTestClock();
    const door = await openPushDoor({ options: { clock } });
    const location = await begin(door);
    clock.advance(24 * 60 * 60_000 - 1);
    expect((await door.send(location)).status).toBe(204);
    clock.advance(1);
    expect((await door.send(location)).status).toBe(404);
  });

  it("open at any other door with the same key, and at none with another", async () => {
    const door = await openPushDoor();
    const blob = await makeBlob(5000);
    const patched = await door.send(await begin(door), {
      method: "PATCH",
      body: blob.bytes.slice(0, 3000),
    });
    const location = patched.headers.get("location") ?? "";
    const config = {
      upstreams: [{ name: "sim", origin: "https://registry.test", default: true }],
      ...SEALED.config,
    };
    const put = (): Request =>
      new Request(`https://door.test${withDigest(location, blob.digest)}`, {
        method: "PUT",
        body: blob.bytes.slice(3000),
      });
    const options = { fetch: door.simulation.fetch };
    const stranger = createFrontDoor(config, options);
    expect((await stranger.fetch(put(), { SEAL_KEY: "x".repeat(32) })).status).toBe(404);
    const sibling = createFrontDoor(config, options);
    expect((await sibling.fetch(put(), SEALED.env)).status).toBe(201);
  });

  it("are sealed under a key of the process where there is none, which is logged once", async () => {
    const types: string[] = [];
    const door = await openPushDoor({
      config: { sealingKeys: [] },
      options: { observer: ({ type }) => void types.push(type) },
    });
    await begin(door);
    expect((await door.send(await begin(door))).status).toBe(204);
    expect(types.filter((type) => type === "sealing.unkeyed")).toHaveLength(1);
  });

  it("are short enough to come back, and tell nothing", async () => {
    const door = await openPushDoor();
    const location = await begin(door);
    expect(location.length).toBeLessThan(1024);
    expect(atob(location.slice(UPLOADS.length).replaceAll("-", "+").replaceAll("_", "/")))
      .not.toContain("registry.test");
  });

  it("keep the namespace", async () => {
    const door = await openPushDoor();
    const answer = await door.send(`${UPLOADS}?ns=registry.test`, { method: "POST" });
    const location = answer.headers.get("location") ?? "";
    expect(location).toMatch(/\?ns=registry\.test$/);
    const blob = await makeBlob(10);
    const init = { method: "PUT", body: blob.bytes };
    const created = await door.send(withDigest(location, blob.digest), init);
    expect([created.status, created.headers.get("location")])
      .toEqual([201, `/v2/acme/app/blobs/${blob.digest}?ns=registry.test`]);
  });
});

describe("where uploads go on", () => {
  it.each([[["https://uploads.test"], 202], [[], 502]] as const)(
    "is where uploadOrigins %j allows: %i",
    async (uploadOrigins, status) => {
      const door = await openPushDoor({ upstream: { uploadOrigins: [...uploadOrigins] } });
      const { simulation, registry } = door;
      const elsewhere = simulation.registry("uploads.test");
      elsewhere.configure({ push: {} });
      registry.configure({ push: { uploadsAt: elsewhere } as never });
      expect((await door.send(UPLOADS, { method: "POST" })).status).toBe(status);
    },
  );

  const AWAY = "https://uploads.test/v2/acme/app/blobs/uploads/1?sig=x";
  const HOME = "https://registry.test/v2";
  const taken = (location: string, host?: string): Fault => ({
    ...(host === undefined ? { method: "POST" } : { host, method: "PATCH" }),
    action: { kind: "answer", status: 202, headers: { location, range: "0-9" } },
  });

  it.each([
    [`${HOME}/acme/app/blobs/uploads/2`, 202],
    [`${HOME}/acme/app/manifests/v1`, 502],
    [`${HOME}/acme/app/blobs/uploads/../../manifests/v1`, 502],
    [`${HOME}/acme/app/blobs/uploads/..%2f..%2fmanifests/v1`, 502],
    [`${HOME}/acme/other/blobs/uploads/2`, 502],
  ])("is no other's to say but for uploads: %s", async (back, status) => {
    const door = await openPushDoor({ upstream: { uploadOrigins: ["https://uploads.test"] } });
    const { simulation } = door;
    simulation.registry("uploads.test");
    simulation.faults.add(taken(AWAY), taken(back, "uploads.test"));
    const location = await begin(door);
    const { bytes } = await makeBlob(10);
    const answer = await door.send(location, { method: "PATCH", body: bytes });
    expect(answer.status).toBe(status);
    const next = answer.headers.get("location");
    if (next !== null) await door.send(next, { method: "DELETE" });
    const deletes = simulation.log.filter(({ method }) => method === "DELETE");
    expect(deletes.map(({ url }) => url)).toEqual(status === 202 ? [back] : []);
  });

  it("is told by who answered, also behind a redirect", async () => {
    const door = await openPushDoor({ upstream: { uploadOrigins: ["https://uploads.test"] } });
    const { simulation } = door;
    simulation.registry("uploads.test").configure({ push: { location: "relative" } });
    const headers = { location: "https://uploads.test/v2/acme/app/blobs/uploads/" };
    simulation.faults.add({
      ...{ host: "registry.test", method: "POST" },
      action: { kind: "answer", status: 307, headers },
    });
    const { bytes } = await makeBlob(10);
    const init = { method: "PATCH", body: bytes };
    expect((await door.send(await begin(door), init)).status).toBe(202);
    expect(simulation.log.at(-1)).toMatchObject({ method: "PATCH", host: "https://uploads.test" });
  });

  it("may be forbidden while an upload goes on", async () => {
    const door = await openPushDoor({ upstream: { uploadOrigins: ["https://uploads.test"] } });
    door.simulation.faults.add({
      method: "POST",
      action: {
        kind: "answer",
        status: 202,
        headers: { location: "https://uploads.test/v2/acme/app/blobs/uploads/1?sig=x" },
      },
    });
    const location = await begin(door);
    const config = {
      upstreams: [{ name: "sim", origin: "https://registry.test", default: true }],
      ...SEALED.config,
    };
    const stricter = createFrontDoor(config, { fetch: door.simulation.fetch });
    const sent = door.simulation.log.length;
    for (const method of METHODS) {
      const request = new Request(`https://door.test${withDigest(location, DIGEST)}`, { method });
      expect((await stricter.fetch(request, SEALED.env)).status).toBe(502);
    }
    expect(door.simulation.log).toHaveLength(sent);
  });
});
