import { readdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ImageLayout, openLayout } from "../../../src/layout/mod.ts";
import { MEDIA_TYPES } from "../../../src/manifest/mod.ts";
import {
  describeManifest,
  manifestOf,
  patternBytes,
  putBlob,
  putImage,
  sha256,
} from "../../support/layouts_node.ts";
import { temporaryFolder } from "../../support/processes_node.ts";

let folder: { path: string; remove: () => void };
let layout: ImageLayout;

const at = (...parts: string[]): string => join(folder.path, ...parts);
const blobs = (): string[] => readdirSync(at("blobs", "sha256"));

/** As the next process finds it, later than what was written by a tick of the disk's clock. */
async function reopen(): Promise<void> {
  await layout.close();
  await new Promise((resolve) => setTimeout(resolve, 20));
  layout = await openLayout(folder.path, { create: false });
}

beforeEach(async () => {
  folder = temporaryFolder("garbage");
  layout = await openLayout(folder.path);
});

afterEach(() => folder.remove());

describe("ImageLayout.gc()", () => {
  it("keeps what a name leads to, and deletes the rest", async () => {
    const shared = patternBytes(1000);
    await putImage(layout, "a:1", { layers: [shared] });
    const child = await putImage(layout, undefined, { layers: [shared, patternBytes(10)] });
    await layout.putManifest(manifestOf({ manifests: [child] }, MEDIA_TYPES.imageIndex), "a:2");
    await putBlob(layout, patternBytes(77));
    await reopen();
    expect(await layout.gc({ dryRun: true })).toEqual({ blobs: 1, partials: 0, bytes: 77 });
    expect(await layout.gc()).toEqual({ blobs: 1, partials: 0, bytes: 77 });
    expect(blobs()).toHaveLength(7);
    expect(await layout.untag("a:2")).toBe(true);
    expect(await layout.untag("a:2")).toBe(false);
    expect((await layout.gc()).blobs).toBe(4); // the index, the image, its config, its own layer
    expect(await layout.verify()).toMatchObject({ blobs: 3, corrupt: [], missing: [] });
  });

  it("deletes nothing that a running process wrote, or found, since it began", async () => {
    const old = await putBlob(layout, patternBytes(5));
    await layout.close();
    utimesSync(at("blobs", "sha256", old.digest.slice(7)), 1, 1);
    layout = await openLayout(folder.path);
    expect(await layout.hasBlob(old)).toBe(true);
    await putBlob(layout, patternBytes(6));
    const other = await openLayout(folder.path, { create: false });
    expect((await other.gc({ dryRun: true })).blobs).toBe(0);
    expect((await other.gc()).blobs).toBe(0);
    expect(blobs()).toHaveLength(2);
    await layout.close();
    expect((await other.gc()).blobs).toBe(2);
  });

  it("takes referrers with their subject, and theirs with them", async () => {
    const subject = await putImage(layout, "a:1");
    const signature = await putImage(layout, undefined, { layers: [patternBytes(1)], subject });
    await putImage(layout, undefined, { layers: [patternBytes(2)], subject: signature });
    await reopen();
    expect((await layout.gc()).blobs).toBe(0);
    expect(await layout.names()).toHaveLength(3);
    await layout.untag("a:1");
    expect((await layout.gc()).blobs).toBe(9);
    expect(await layout.names()).toEqual([]);
  });

  it("lists what a running process listed before the subject that it is about to name", async () => {
    const subject = describeManifest(
      manifestOf(
        { config: await putBlob(layout, patternBytes(3)), layers: [] },
        MEDIA_TYPES.imageManifest,
      ),
    );
    const signature = await putImage(layout, undefined, { layers: [patternBytes(1)], subject });
    await putImage(layout, undefined, { layers: [patternBytes(2)], subject: signature });
    const other = await openLayout(folder.path, { create: false });
    await other.gc();
    expect(await layout.referrers(subject.digest)).toMatchObject([{ digest: signature.digest }]);
    expect(await layout.names()).toHaveLength(2);
    await layout.close();
    await other.gc();
    expect(await other.names()).toEqual([]);
    expect(blobs()).toEqual([]);
  });

  it("deletes unfinished blobs by their age, never one that is being written", async () => {
    const size = 50;
    const left = await layout.blobWriter({ digest: sha256("left"), size });
    await left.write(new Uint8Array(10));
    await left.abort();
    const held = await layout.blobWriter({ digest: sha256("held"), size });
    await held.write(new Uint8Array(20));
    expect(await layout.gc()).toMatchObject({ partials: 0 });
    expect(await layout.gc({ partialAgeMs: 0, dryRun: true })).toMatchObject({ bytes: 10 });
    expect(await layout.gc({ partialAgeMs: 0 })).toEqual({ blobs: 0, partials: 1, bytes: 10 });
    await held.abort();
    const again = await layout.blobWriter({ digest: sha256("held"), size });
    expect(again.offset).toBe(20);
    await again.abort();
  });

  it("deletes nothing where it cannot tell what is needed", async () => {
    const image = await putImage(layout, "a:1");
    await putBlob(layout, patternBytes(4));
    await reopen();
    writeFileSync(at("blobs", "sha256", image.digest.slice(7)), "{}");
    await expect(layout.gc()).rejects.toMatchObject({ code: "CACHE_CORRUPT" });
    expect(blobs()).toHaveLength(4);
  });

  it("keeps entries that are no manifests", async () => {
    const bytes = patternBytes(20);
    const blob = await putBlob(layout, bytes);
    writeFileSync(at("index.json"), JSON.stringify({ schemaVersion: 2, manifests: [blob] }));
    await reopen();
    expect((await layout.gc()).blobs).toBe(0);
    expect(await layout.referrers(blob.digest)).toEqual([]);
    expect(await layout.verify()).toMatchObject({ blobs: 1, missing: [] });
  });

  it("leaves files of other tools", async () => {
    writeFileSync(at("blobs", "sha256", "README"), "");
    writeFileSync(at("umoci.json"), "");
    await layout.gc({ partialAgeMs: 0 });
    expect(readdirSync(folder.path)).toContain("umoci.json");
    expect(blobs()).toContain("README");
  });
});

describe("ImageLayout.verify()", () => {
  it("finds the blobs that are wrong, and moves them away when told", async () => {
    const layer = patternBytes(3000);
    await putImage(layout, "a:1", { layers: [layer] });
    const file = at("blobs", "sha256", sha256(layer).slice(7));
    writeFileSync(file, patternBytes(3000, 2));
    const seen: string[] = [];
    const onBlob = ({ digest }: { digest: string }): void => void seen.push(digest);
    const found = await layout.verify({ onBlob });
    expect(found).toMatchObject({ blobs: 3, corrupt: [{ digest: sha256(layer), path: file }] });
    expect(seen).toHaveLength(3);
    const [moved] = (await layout.verify({ quarantine: true })).corrupt;
    expect(moved?.path).toContain("quarantine");
    const after = await layout.verify();
    expect(after.corrupt).toEqual([]);
    expect(after.missing.map(({ digest }) => digest)).toEqual([sha256(layer)]);
    await putBlob(layout, layer);
    expect(await layout.verify()).toMatchObject({ corrupt: [], missing: [] });
  });

  it("misses no platform that was not pulled", async () => {
    const child = await putImage(layout, undefined);
    const absent = describeManifest(manifestOf({ manifests: [] }, MEDIA_TYPES.imageIndex));
    const index = manifestOf({ manifests: [child, absent] }, MEDIA_TYPES.imageIndex);
    await layout.putManifest(index, "multi");
    expect((await layout.verify()).missing).toEqual([]);
  });

  it("names what is no file of ours, and documents that are no manifests, without failing", async () => {
    const secret = sha256("secret");
    symlinkSync("/etc/passwd", at("blobs", "sha256", secret.slice(7)));
    const text = new TextEncoder().encode("{}");
    await putBlob(layout, text);
    const entry = { mediaType: MEDIA_TYPES.imageManifest, digest: sha256(text), size: 2 };
    writeFileSync(at("index.json"), JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
    const found = await layout.verify();
    expect(found.missing).toEqual([]);
    expect(found.corrupt).toMatchObject([{
      digest: secret,
      reason: expect.stringMatching(/link/),
    }]);
  });

  it("ends with its signal's reason", async () => {
    await putImage(layout, "a:1");
    const reason = new Error("enough");
    await expect(layout.verify({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe("ImageLayout.quarantine()", () => {
  it("moves one blob away", async () => {
    const blob = await putBlob(layout, patternBytes(8));
    expect(await layout.quarantine(blob.digest)).toContain("quarantine");
    expect(await layout.quarantine(blob.digest)).toBeUndefined();
    expect(await layout.hasBlob(blob)).toBe(false);
  });
});
