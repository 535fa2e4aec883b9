import { readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { diskError, warmWriter } from "../../../src/layout/disk_node.ts";
import { patternBytes } from "../../support/layouts_node.ts";
import { temporaryFolder } from "../../support/processes_node.ts";

const folder = temporaryFolder("disk");
afterAll(() => folder.remove());

describe("diskError", () => {
  it.each([
    [Object.assign(new Error("no space"), { code: "ENOSPC" }), "ENOSPC", /the disk is full/],
    [new Error("File too large (os error 27)"), "EFBIG", /no file of this size/],
    [
      Object.assign(new Error("denied"), { name: "NotCapable" }),
      "NotCapable",
      /Deno was not allowed/,
    ],
  ])("%s is typed", (cause, reason, message) => {
    expect(diskError("/cache", cause)).toMatchObject({
      code: "CACHE_IO",
      message: expect.stringMatching(message),
      details: { path: "/cache", reason },
      cause,
    });
  });

  it.each(["it failed", "(os error 99999)", "os error 27"])("%s passes", (text) => {
    const error = new Error(text);
    expect(diskError("/cache", error)).toBe(error);
  });
});

describe("warmWriter()", () => {
  it("writes few bytes at once, and many beside other work", async () => {
    const path = join(folder.path, "file");
    const file = await open(path, "w");
    const bytes = patternBytes(800_000);
    const now = 0;
    try {
      const write = warmWriter(file, () => now);
      expect(write(bytes.subarray(0, 200_000), 7)).toBe(undefined);
      expect(readFileSync(path).subarray(7).equals(bytes.subarray(0, 200_000))).toBe(true);
      await write(bytes.subarray(200_000), 200_007);
    } finally {
      await file.close();
    }
    expect(readFileSync(path).subarray(7).equals(bytes)).toBe(true);
  });

  it("leaves a slow disk to another thread", async () => {
    const file = await open(join(folder.path, "slow"), "w");
    let now = 0;
    try {
      const write = warmWriter(file, () => now += 51);
      expect(write(new Uint8Array(10), 0)).toBe(undefined);
      await expect(write(new Uint8Array(10), 10)).resolves.toBe(undefined);
    } finally {
      await file.close();
    }
  });
});
