import { readdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type BlobWriter, type ImageLayout, openLayout } from "../../../src/layout/mod.ts";
import { newOwnerName } from "../../../src/layout/owner_node.ts";
import { describeBytes, patternBytes, putBlob } from "../../support/layouts_node.ts";
import { temporaryFolder } from "../../support/processes_node.ts";

const BYTES = patternBytes(200_000);
const BLOB = describeBytes(BYTES);
const PARTIAL = BLOB.digest.replace(":", "-");
let folder: { path: string; remove: () => void };
let layout: ImageLayout;

const partials = (): string[] => readdirSync(join(folder.path, ".tidegate", "partial"));
const partialPath = (name: string): string => join(folder.path, ".tidegate", "partial", name);
const blobPath = (): string => join(folder.path, "blobs", ...BLOB.digest.split(":"));

/** An unfinished blob of so many right bytes. */
async function leaveUnfinished(length: number): Promise<void> {
  const writer = await layout.blobWriter(BLOB);
  await writer.write(BYTES.subarray(writer.offset, length));
  await writer.abort();
}

async function finish(writer: BlobWriter): Promise<void> {
  await writer.write(BYTES.subarray(writer.offset));
  await writer.close();
}

beforeEach(async () => {
  folder = temporaryFolder("blob-writer");
  layout = await openLayout(folder.path, { stallMs: 400 });
});

afterEach(() => folder.remove());

describe("BlobWriter", () => {
  it("shows a blob only once it is whole", async () => {
    const writer = await layout.blobWriter(BLOB);
    expect(writer.offset).toBe(0);
    await writer.write(BYTES.subarray(0, 100_000));
    expect(await layout.hasBlob(BLOB)).toBe(false);
    await writer.write(BYTES.subarray(100_000));
    expect(await layout.hasBlob(BLOB)).toBe(false);
    await writer.close();
    expect(await layout.hasBlob(BLOB)).toBe(true);
    expect(partials()).toEqual([]);
  });

  it("has nothing to do where the blob is", async () => {
    await putBlob(layout, BYTES);
    const writer = await layout.blobWriter(BLOB);
    expect(writer.offset).toBe(BLOB.size);
    await writer.write(new Uint8Array());
    await expect(writer.write(new Uint8Array(1))).rejects.toMatchObject({
      code: "BLOB_SIZE_MISMATCH",
    });
    await writer.close();
    await writer.abort();
    expect(await layout.hasBlob(BLOB)).toBe(true);
  });

  it("continues what was aborted, in this process or another", async () => {
    await leaveUnfinished(120_000);
    expect(partials()).toEqual([PARTIAL]);
    const other = await openLayout(folder.path);
    const writer = await other.blobWriter(BLOB);
    expect(writer.offset).toBe(120_000);
    await finish(writer);
    expect(readFileSync(blobPath())).toEqual(Buffer.from(BYTES));
  });

  it("finishes what lacked nothing but its place", async () => {
    await leaveUnfinished(BLOB.size);
    const writer = await layout.blobWriter(BLOB);
    expect(writer.offset).toBe(BLOB.size);
    await writer.close();
    expect(await layout.hasBlob(BLOB)).toBe(true);
  });

  it("finishes an old file as a blob of now, which a parallel gc() leaves", async () => {
    await leaveUnfinished(BLOB.size);
    await layout.close();
    utimesSync(partialPath(PARTIAL), 1, 1);
    layout = await openLayout(folder.path);
    await (await layout.blobWriter(BLOB)).close();
    const other = await openLayout(folder.path, { create: false });
    expect(await other.gc()).toMatchObject({ blobs: 0 });
    expect(await layout.hasBlob(BLOB)).toBe(true);
  });

  it("removes wrong bytes, so that the next try starts anew", async () => {
    const writer = await layout.blobWriter(BLOB);
    await writer.write(BYTES.toReversed());
    await expect(writer.close()).rejects.toMatchObject({
      code: "DIGEST_MISMATCH",
      details: { expected: BLOB.digest },
    });
    expect(partials()).toEqual([]);
    const again = await layout.blobWriter(BLOB);
    expect(again.offset).toBe(0);
    await finish(again);
  });

  it("removes an unfinished blob that a disk has damaged", async () => {
    await leaveUnfinished(150_000);
    const bytes = readFileSync(partialPath(PARTIAL));
    bytes[7] = (bytes[7] as number) ^ 1;
    writeFileSync(partialPath(PARTIAL), bytes);
    const writer = await layout.blobWriter(BLOB);
    await expect(finish(writer)).rejects.toMatchObject({ code: "DIGEST_MISMATCH" });
    const again = await layout.blobWriter(BLOB);
    expect(again.offset).toBe(0);
    await again.abort();
    expect(await layout.hasBlob(BLOB)).toBe(false);
  });

  it("starts anew where more is there than the blob has", async () => {
    await leaveUnfinished(10);
    writeFileSync(partialPath(PARTIAL), new Uint8Array(BLOB.size + 1));
    const writer = await layout.blobWriter(BLOB);
    expect(writer.offset).toBe(0);
    await finish(writer);
  });

  it("takes no byte too many, and does not close on one too few", async () => {
    const writer = await layout.blobWriter(BLOB);
    const sizes = { code: "BLOB_SIZE_MISMATCH" };
    await expect(writer.write(new Uint8Array(BLOB.size + 1))).rejects.toMatchObject(sizes);
    await writer.write(BYTES.subarray(0, 5));
    await expect(writer.close()).rejects.toMatchObject(sizes);
    await writer.abort();
    await writer.abort();
    expect(() => writer.write(new Uint8Array(1))).toThrow(TypeError);
    const again = await layout.blobWriter(BLOB);
    expect(again.offset).toBe(5);
    await again.abort();
  });

  it("leaves nothing where nothing was written", async () => {
    await (await layout.blobWriter(BLOB)).abort();
    expect(partials()).toEqual([]);
  });

  it("refuses sizes that are none", async () => {
    for (const size of [-1, 0.5, NaN, 2 ** 53]) {
      await expect(layout.blobWriter({ ...BLOB, size })).rejects.toThrow(TypeError);
    }
  });
});

describe("two writers of one blob", () => {
  it("is written by one, and found by the other", async () => {
    const other = await openLayout(folder.path);
    const first = await layout.blobWriter(BLOB);
    let second: BlobWriter | undefined;
    const waiting = other.blobWriter(BLOB).then((writer) => second = writer);
    for (let at = 0; at < BLOB.size; at += 50_000) {
      await first.write(BYTES.subarray(at, at + 50_000));
      await new Promise((resolve) => setTimeout(resolve, 150));
      expect(second).toBeUndefined();
    }
    await first.close();
    await waiting;
    expect(second?.offset).toBe(BLOB.size);
  });

  it("goes on where the other stopped", async () => {
    const first = await layout.blobWriter(BLOB);
    const waiting = (await openLayout(folder.path)).blobWriter(BLOB);
    await first.write(BYTES.subarray(0, 70_000));
    await first.abort();
    const second = await waiting;
    expect(second.offset).toBe(70_000);
    await finish(second);
  });

  it("writes it once more beside one that makes no progress", async () => {
    const stuck = await layout.blobWriter(BLOB);
    await stuck.write(BYTES.subarray(0, 10));
    const second = await layout.blobWriter(BLOB);
    expect(second.offset).toBe(0);
    await finish(second);
    await wakeUp(stuck);
    expect(readFileSync(blobPath())).toEqual(Buffer.from(BYTES));
    expect(partials()).toEqual([]);
  });

  /** It writes the same, only later. */
  async function wakeUp(writer: BlobWriter): Promise<void> {
    await writer.write(BYTES.subarray(10));
    await writer.close();
  }

  it("takes over at once from a process that is gone", async () => {
    await leaveUnfinished(90_000);
    const [machine, , , random] = newOwnerName().split(".");
    renameSync(partialPath(PARTIAL), partialPath(`${PARTIAL}.${machine}.4194305.1.${random}`));
    const writer = await layout.blobWriter(BLOB);
    expect(writer.offset).toBe(90_000);
    await finish(writer);
    expect(partials()).toEqual([]);
  });

  it("goes on with a copy of what a process of another machine left", async () => {
    await leaveUnfinished(90_000);
    const [, , , random] = newOwnerName().split(".");
    const theirs = partialPath(`${PARTIAL}.ffffffff.7.1.${random}`);
    renameSync(partialPath(PARTIAL), theirs);
    const file = await open(theirs, "r+"); // it may live after all
    const writer = await layout.blobWriter(BLOB);
    expect(writer.offset).toBe(90_000);
    await file.write(new Uint8Array(50_000));
    await file.close();
    await finish(writer);
    expect(partials()).toEqual([]);
    expect(await layout.verify()).toMatchObject({ blobs: 1, corrupt: [] });
  });

  it("waits as long as its signal stands", async () => {
    const first = await layout.blobWriter(BLOB);
    const reason = new Error("enough");
    const controller = new AbortController();
    const other = await openLayout(folder.path);
    const waiting = other.blobWriter(BLOB, { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 50);
    await expect(waiting).rejects.toBe(reason);
    await first.abort();
  });

  it("makes one of ten that begin at once do it", async () => {
    let written = 0;
    await Promise.all(Array.from({ length: 10 }, async () => {
      const own = await openLayout(folder.path, { stallMs: 20_000 });
      const writer = await own.blobWriter(BLOB);
      written += BLOB.size - writer.offset;
      await finish(writer);
    }));
    expect(written).toBe(BLOB.size);
  });
});
