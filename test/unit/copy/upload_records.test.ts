import { mkdir, readdir, rename, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { memoryUploadRecords } from "../../../src/copy/mod.ts";
import { fileUploadRecords } from "../../../src/copy/upload_records_node.ts";
import { parseDigest } from "../../../src/reference/mod.ts";
import { testUploadRecords } from "../../contract/upload_records.ts";
import { ownFolder } from "../../support/own_folder_node.ts";

const TARGET = { registry: "registry.example.com", repository: "acme/app" };
const DIGEST = parseDigest(`sha256:${"a".repeat(64)}`);
const NAMES = { source: "a", destination: "b" };
const RECORD = {
  version: 1,
  ...TARGET,
  location: "https://registry.example.com/u",
  offset: 3,
  algorithm: "sha256",
  state: "x",
} as const;

function folder(): string {
  return join(ownFolder("records"), "uploads");
}

testUploadRecords("memory", () => Promise.resolve(memoryUploadRecords()));
testUploadRecords("files", () => Promise.resolve(fileUploadRecords(folder())));

describe("fileUploadRecords()", () => {
  it("lets nobody else read them", async () => {
    const directory = folder();
    const slot = await fileUploadRecords(directory).claim(TARGET, DIGEST, NAMES);
    await slot?.save(RECORD);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    const [name = ""] = await readdir(directory);
    expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600);
    await slot?.release();
    expect(await readdir(directory)).toHaveLength(1);
  });

  it("takes over what a process left that is gone, and nothing of one that runs", async () => {
    const directory = folder();
    const records = fileUploadRecords(directory);
    const slot = await records.claim(TARGET, DIGEST, NAMES);
    await slot?.save(RECORD);
    await slot?.release();
    const [name = ""] = await readdir(directory);
    const host = createHash("sha256").update(hostname()).digest("hex").slice(0, 12);
    const owned = (pid: number): string => name.replace("free", `${pid}-${host}`);
    await rename(join(directory, name), join(directory, owned(process.ppid)));
    expect(await records.claim(TARGET, DIGEST, NAMES)).toBeUndefined();
    expect(await records.list()).toMatchObject([{ isRunning: true }]);
    await rename(join(directory, owned(process.ppid)), join(directory, owned(2 ** 22 + 1)));
    expect((await records.claim(TARGET, DIGEST, NAMES))?.saved).toMatchObject({ record: RECORD });
  });

  it("keeps a claim fresh while it is held, though nothing is saved", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    try {
      const directory = folder();
      const slot = await fileUploadRecords(directory).claim(TARGET, DIGEST, NAMES);
      const [name = ""] = await readdir(directory);
      await utimes(join(directory, name), 1, 1);
      vi.advanceTimersByTime(5 * 60_000);
      const age = async (): Promise<number> =>
        Date.now() - (await stat(join(directory, name))).mtimeMs;
      await vi.waitFor(async () => expect(await age()).toBeLessThan(60_000));
      await slot?.release();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it("does without what is not whole, and without a disk", async () => {
    const directory = folder();
    const records = fileUploadRecords(directory);
    const slot = await records.claim(TARGET, DIGEST, NAMES);
    await slot?.save(RECORD);
    await slot?.release();
    const [name = ""] = await readdir(directory);
    await writeFile(join(directory, name), '{"record":{"ver');
    expect(await records.list()).toEqual([]);
    expect((await records.claim(TARGET, DIGEST, NAMES))?.saved).toBeUndefined();
    const file = join(directory, "file");
    await mkdir(directory, { recursive: true });
    await writeFile(file, "");
    const nowhere = fileUploadRecords(join(file, "uploads"));
    expect(await nowhere.claim(TARGET, DIGEST, NAMES)).toBeUndefined();
    expect(await nowhere.list()).toEqual([]);
  });
});
