import { describe, expect, it } from "vitest";
import { createFrontDoor } from "../../../src/front/mod.ts";
import { openTestDoor, readBody, sha256Hex } from "../../support/front_door.ts";

const BLOBS = "*/blobs/*";

describe("createFrontDoor() without native pipes", () => {
  it.each([0, 1, 2])(
    "relays layer %i whole, and goes on when the upstream breaks",
    async (layer) => {
      const { send, blobPath, simulation, image } = await openTestDoor();
      simulation.faults.add({
        path: BLOBS,
        first: 1,
        action: { kind: "cut", by: "close", at: 900 },
      });
      const { bytes, complete } = await readBody(await send(blobPath(layer)));
      expect(complete).toBe(true);
      expect(`sha256:${await sha256Hex(bytes)}`).toBe(image.layers[layer]?.digest);
    },
  );

  it.each([0, 1, 2])("never completes layer %i with a bit flipped", async (layer) => {
    const { send, blobPath, simulation } = await openTestDoor();
    for (const at of [0, 500, -1]) {
      simulation.faults.clear();
      simulation.faults.add({ path: BLOBS, action: { kind: "flip", at } });
      const answer = await send(blobPath(layer));
      expect(answer.ok && (await readBody(answer)).complete).toBe(false);
    }
  });

  it.each(["verified", "pass"])("serves ranges: %s", async (ranges) => {
    const { send, blobPath, image } = await openTestDoor({ config: { ranges } });
    const whole = image.layers[2]?.content.read(0, image.layers[2].content.size);
    const answer = await send(blobPath(2), { headers: { range: "bytes=1000-900000" } });
    const { bytes, complete } = await readBody(answer);
    expect([answer.status, complete]).toEqual([206, true]);
    expect(bytes).toEqual(whole?.slice(1000, 900_001));
  });

  it("never completes a passed range that is too short", async () => {
    const { send, blobPath, simulation } = await openTestDoor({ config: { ranges: "pass" } });
    const body = "short";
    const headers = { "content-range": "bytes 0-9/1048593" };
    simulation.faults.add({
      path: BLOBS,
      method: "GET",
      action: { kind: "answer", status: 206, headers, body },
    });
    const answer = await send(blobPath(2), { headers: { range: "bytes=0-9" } });
    expect(answer.ok && (await readBody(answer)).complete).toBe(false);
  });

  it("throws at once for a configuration that breaks a rule", () => {
    expect(() => createFrontDoor({ upstream: [] })).toThrow("upstream");
  });
});

describe("referrers", () => {
  it.each([404, 400, 405] as const)(
    "come from the fallback tag where the endpoint answers %i",
    async (status) => {
      const { buildArtifact } = await import("../../../src/simulation/mod.ts");
      const { send, registry, image } = await openTestDoor();
      const options = { artifactType: "application/spdx+json", content: "{}", subject: image };
      registry.add("acme/app", { image: await buildArtifact(options) });
      const path = `/v2/acme/app/referrers/${image.digest}`;
      const listed = await (await send(path)).json() as { manifests: readonly unknown[] };
      expect(listed.manifests).toHaveLength(1);
      registry.configure({ referrers: status });
      const answer = await send(path);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("content-type")).toContain("image.index");
      const none = await send(`/v2/acme/app/referrers/sha256:${"0".repeat(64)}`);
      expect(await none.json()).toMatchObject({ manifests: [] });
    },
  );

  it("come from the fallback tag where the endpoint answers with a web page", async () => {
    const { send, simulation, image } = await openTestDoor();
    const headers = { "content-type": "text/html; charset=utf-8" };
    simulation.faults.add({
      path: "*/referrers/*",
      action: { kind: "answer", status: 200, headers, body: "<!doctype html>" },
    });
    const answer = await send(`/v2/acme/app/referrers/${image.digest}`);
    expect([answer.status, await answer.json()]).toMatchObject([200, { manifests: [] }]);
  });
});
