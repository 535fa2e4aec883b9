import { describe, expect, it } from "vitest";
import { basic, openTestDoor, type TestDoor } from "../support/front_door.ts";

type Case = [string, (door: TestDoor) => string, RequestInit?];

const CASES: readonly Case[] = [
  ["ping", () => "/v2/"],
  ["manifest by tag", ({ manifestPath }) => manifestPath],
  ["manifest by digest", ({ image }) => `/v2/acme/app/manifests/${image.digest}`],
  ["small blob", ({ blobPath }) => blobPath(0)],
  ["large blob", ({ blobPath }) => blobPath(2)],
  ["tags", () => "/v2/acme/app/tags/list?n=2"],
  ["referrers", ({ image }) => `/v2/acme/app/referrers/${image.digest}`],
  ["unknown manifest", () => "/v2/acme/app/manifests/nope"],
  ["unknown blob", () => `/v2/acme/app/blobs/sha256:${"0".repeat(64)}`],
  ["unknown repository", () => "/v2/acme/none/tags/list"],
  ["bad digest", () => "/v2/acme/app/blobs/sha256:zz"],
  ["bad path", () => "/v2/acme//app/tags/list"],
  ["no endpoint", () => "/v2/_catalog"],
  ["outside of the API", () => "/nope"],
  ["wrong credentials", ({ manifestPath }) => manifestPath, { headers: basic("a:b") }],
];

describe("front door HEAD", () => {
  it.each<Case>(CASES)("%s: as GET, without the body", async (_, path, init) => {
    const door = await openTestDoor();
    const get = await door.send(path(door), init);
    const head = await door.send(path(door), { ...init, method: "HEAD" });
    expect(head.status).toBe(get.status);
    expect([...head.headers]).toEqual([...get.headers]);
    expect(head.body).toBeNull();
    const body = await get.arrayBuffer();
    expect(head.headers.get("content-length")).toBe(String(body.byteLength));
  });

  it("asks the upstream for no more than a HEAD", async () => {
    const { send, simulation, manifestPath, blobPath } = await openTestDoor();
    await send(manifestPath, { method: "HEAD" });
    await send(blobPath(2), { method: "HEAD" });
    expect(simulation.log.map(({ method }) => method)).toEqual(["HEAD", "HEAD"]);
  });

  it("reads the manifest where the upstream's HEAD leaves out its digest", async () => {
    const { send, simulation, manifestPath, image } = await openTestDoor();
    const set = { "docker-content-digest": undefined };
    simulation.faults.add({ method: "HEAD", action: { kind: "headers", set } });
    const head = await send(manifestPath, { method: "HEAD" });
    expect(head.headers.get("docker-content-digest")).toBe(image.digest);
    expect(head.headers.get("content-length")).toBe(String(image.bytes.length));
  });

  it("does not announce for one digest what the upstream says of another", async () => {
    const { send, simulation, image } = await openTestDoor();
    const set = { "docker-content-digest": `sha256:${"b".repeat(64)}` };
    simulation.faults.add({ action: { kind: "headers", set } });
    const head = await send(`/v2/acme/app/manifests/${image.digest}`, { method: "HEAD" });
    expect(head.headers.get("docker-content-digest")).toBe(image.digest);
  });

  it.each<[string, Record<string, string | undefined>]>([
    ["a malformed digest", { "docker-content-digest": "sha256:ABC" }],
    ["no media type", { "content-type": undefined }],
    ["a media type that is none", { "content-type": "image" }],
    ["a media type of another kind", { "content-type": "text/html" }],
    ["a deprecated media type", {
      "content-type": "application/vnd.docker.distribution.manifest.v1+prettyjws",
    }],
    ["a length that is none", { "content-length": "1e3" }],
    ["a length above the limit", { "content-length": "5000000" }],
  ])("answers as GET where the upstream's head has %s", async (_, set) => {
    const { send, simulation, manifestPath } = await openTestDoor();
    const get = await send(manifestPath);
    simulation.faults.add({ method: "HEAD", action: { kind: "headers", set } });
    const head = await send(manifestPath, { method: "HEAD" });
    expect([head.status, ...head.headers]).toEqual([get.status, ...get.headers]);
  });

  it.each([400, 405, 501])(
    "answers as GET where the upstream answers HEAD with %i",
    async (status) => {
      const { send, simulation, manifestPath, blobPath } = await openTestDoor();
      simulation.faults.add({ method: "HEAD", action: { kind: "answer", status } });
      for (const path of [manifestPath, blobPath(0), blobPath(2)]) {
        const get = await send(path);
        const head = await send(path, { method: "HEAD" });
        expect([head.status, ...head.headers]).toEqual([get.status, ...get.headers]);
        await get.body?.cancel();
      }
    },
  );

  it("gives the length of a small blob of which the upstream's HEAD does not tell it", async () => {
    const { send, simulation, blobPath } = await openTestDoor();
    const set = { "content-length": undefined };
    simulation.faults.add({ method: "HEAD", action: { kind: "headers", set } });
    const head = await send(blobPath(0), { method: "HEAD" });
    expect(head.headers.get("content-length")).toBe("1024");
  });
});
