import { describe, expect, it } from "vitest";
import { type FaultAction } from "../../src/simulation/mod.ts";
import type { TidegateEvent } from "../../src/observability/mod.ts";
import { errorOf, openTestDoor, readBody, sha256Hex } from "../support/front_door.ts";

const BLOBS = "*/blobs/*";
const MANIFESTS = "*/manifests/*";

const CORRUPTIONS: readonly (readonly [string, FaultAction])[] = [
  ["a bit flipped in the first byte", { kind: "flip", at: 0 }],
  ["a bit flipped in a middle byte", { kind: "flip", at: 512 }],
  ["a bit flipped in the last byte", { kind: "flip", at: -1 }],
  ["the last byte missing", { kind: "truncate", at: -1 }],
  ["a body cut in half", { kind: "truncate", at: 500 }],
  ["an empty body", { kind: "truncate", at: 0 }],
  ["a byte too many", { kind: "lengthen", bytes: 1 }],
  ["a mebibyte too many", { kind: "lengthen", bytes: 1024 * 1024 }],
  ["other content of the same length", { kind: "replace" }],
  ["a segment repeated", { kind: "duplicate", at: 100, bytes: 50 }],
];

describe.each([0, 1, 2])("corruption of layer %i", (layer) => {
  it.each(CORRUPTIONS)("%s: never a complete body", async (_, action) => {
    const events: TidegateEvent[] = [];
    const observer = (event: TidegateEvent): void => void events.push(event);
    const { send, blobPath, simulation, settled } = await openTestDoor({ options: { observer } });
    for (const range of [undefined, "bytes=0-", "bytes=3-400"]) {
      simulation.faults.clear();
      simulation.faults.add({ path: BLOBS, action });
      const answer = await send(blobPath(layer), { headers: range ? { range } : {} });
      const { complete } = await readBody(answer);
      expect(answer.ok && complete).toBe(false);
      if (!answer.ok) expect([502, 416]).toContain(answer.status);
    }
    await settled();
    const codes = events.flatMap((event) => "code" in event ? [event.code] : []);
    expect(codes.length).toBeGreaterThan(0);
    for (const code of codes) {
      expect(["DIGEST_MISMATCH", "BLOB_SIZE_MISMATCH", "RESUME_FAILED"]).toContain(code);
    }
  });

  it("a first connection that broke, then wrong bytes: never a complete body", async () => {
    const { send, blobPath, simulation } = await openTestDoor();
    simulation.faults.add({ path: BLOBS, nth: 1, action: { kind: "cut", by: "close", at: 700 } });
    simulation.faults.add({
      path: BLOBS,
      after: 1,
      action: { kind: "flip", at: 0, within: "body" },
    });
    const answer = await send(blobPath(layer));
    const { complete } = await readBody(answer);
    expect(answer.ok && complete).toBe(false);
  });

  it("a body without a length, and wrong: never a complete body", async () => {
    const { send, blobPath, simulation } = await openTestDoor();
    for (const by of ["chunked", "until-close"] as const) {
      simulation.faults.clear();
      simulation.faults.add({
        path: BLOBS,
        action: [{ kind: "flip", at: -1 }, { kind: "frame", by }],
      });
      const answer = await send(blobPath(layer));
      const ended = await answer.arrayBuffer().then(() => true, () => false);
      expect(answer.ok && ended).toBe(false);
      if (layer === 0) expect(answer.status).toBe(502); // up to 64 KiB before the head
    }
  });
});

describe("a whole blob", () => {
  it.each([0, 1, 2])("layer %i arrives as it is, also without a length", async (layer) => {
    const { send, blobPath, simulation, image } = await openTestDoor();
    const digest = image.layers[layer]?.digest;
    const whole = await readBody(await send(blobPath(layer)));
    expect([whole.complete, `sha256:${await sha256Hex(whole.bytes)}`]).toEqual([true, digest]);
    simulation.faults.add({ path: BLOBS, action: { kind: "frame", by: "chunked" } });
    const answer = await send(blobPath(layer));
    const bytes = await answer.arrayBuffer();
    expect(`sha256:${await sha256Hex(bytes)}`).toBe(digest);
    const length = answer.headers.get("content-length");
    expect(length).toBe(layer === 0 ? String(bytes.byteLength) : null);
  });
});

describe("corruption of manifests", () => {
  it.each(CORRUPTIONS.slice(0, 7))("%s, by digest: withheld", async (_, action) => {
    const { send, simulation, image } = await openTestDoor();
    simulation.faults.add({ path: MANIFESTS, action });
    const answer = await send(`/v2/acme/app/manifests/${image.digest}`);
    expect(answer.status).toBe(502);
    expect(await errorOf(answer)).toEqual({
      code: "UNKNOWN",
      message: "the content failed verification and was withheld",
    });
  });

  it("announces the digest of the bytes for a tag, whatever the upstream's header says", async () => {
    const { send, simulation, manifestPath, image } = await openTestDoor();
    for (const lie of [`sha256:${"b".repeat(64)}`, "sha256:xyz", "", undefined]) {
      simulation.faults.clear();
      const set = { "docker-content-digest": lie };
      simulation.faults.add({ path: MANIFESTS, action: { kind: "headers", set } });
      const answer = await send(manifestPath);
      expect([lie, answer.status]).toEqual([lie, 200]);
      expect(answer.headers.get("docker-content-digest")).toBe(image.digest);
    }
  });

  it.each([
    ["an index that is a manifest too", { layers: [], manifests: [] }],
    ["schema 1", { schemaVersion: 1, name: "x", tag: "y", fsLayers: [], history: [] }],
    ["no JSON object", []],
  ])("withholds %s", async (_, document) => {
    const { send, simulation, manifestPath } = await openTestDoor();
    const body = JSON.stringify({ schemaVersion: 2, ...document });
    simulation.faults.add({
      path: MANIFESTS,
      action: {
        kind: "answer",
        status: 200,
        headers: { "content-type": "application/vnd.oci.image.index.v1+json" },
        body,
      },
    });
    const answer = await send(manifestPath);
    expect([answer.status, (await errorOf(answer)).code]).toEqual([502, "MANIFEST_INVALID"]);
  });

  it("withholds a manifest above the limit", async () => {
    const config = { limits: { manifestBytes: 1024 } };
    const { send, simulation, manifestPath } = await openTestDoor({ config });
    simulation.faults.add({ path: MANIFESTS, action: { kind: "lengthen", bytes: 4096 } });
    const answer = await send(manifestPath);
    expect([answer.status, (await errorOf(answer)).code]).toEqual([502, "SIZE_INVALID"]);
  });
});
