import { describe, expect, inject, it } from "vitest";
import type { ErrorCode } from "../../src/core/mod.ts";
import { BLOB_SIZES } from "./catalogue.ts";
import { closePush, openPush, type PushPlan, takeWrites } from "./control.ts";
import { digestOf, PUSH_WAYS, type PushTask, pushWithLibrary } from "./push.ts";

const faults = inject("faults");
const KIB = 1024;
const right = await digestOf("large");
const WAYS = PUSH_WAYS.filter((way) => way !== "lone door");

/** What is asked for, and the code with which it is refused. */
const ROWS: readonly (readonly [string, Partial<PushTask>, ErrorCode])[] = [
  ["a wrong digest", { digest: `sha256:${"1".repeat(64)}` }, "DIGEST_MISMATCH"],
  ["a wrong digest by SHA-512", { digest: `sha512:${"1".repeat(128)}` }, "DIGEST_MISMATCH"],
  ["the digest's hex under another algorithm", {
    digest: `sha512:${right.slice(7).repeat(2)}`,
  }, "DIGEST_MISMATCH"],
  ["a SHA-512 as long as a SHA-256", { digest: `sha512:${right.slice(7)}` }, "INVALID_DIGEST"],
  ["an algorithm that nobody has", { digest: `md5:${"0".repeat(32)}` }, "UNSUPPORTED"],
  ["a path for a digest", { digest: "sha256:../../../etc/passwd" }, "INVALID_DIGEST"],
  ["a digest in capitals", { digest: right.toUpperCase() }, "INVALID_DIGEST"],
  ["a byte less than there is", { size: BLOB_SIZES.large - 1 }, "BLOB_SIZE_MISMATCH"],
  ["a byte more than there is", { size: BLOB_SIZES.large + 1 }, "BLOB_SIZE_MISMATCH"],
  ["no bytes", { size: 0 }, "BLOB_SIZE_MISMATCH"],
];

const NAMES = [
  ...["../other", "case/../other", "case/..", "case/./n1", "/case", "case//n1", "case/", ".."],
  ...[
    "case/%2e%2e/other",
    "case%2Fother",
    "case/n1/../../other",
    "CASE/n1",
    "case/n1?x",
    "case\\n1",
  ],
  ...["case/n1/blobs/uploads/../../../other", "case/n1#x", "", "a".repeat(300)],
];

describe.each(WAYS)("a push to a %s", (way) => {
  describe.each([256 * KIB, 8 * KIB * KIB])("in chunks of %i", (chunkBytes) => {
    it.concurrent.each(ROWS)("of %s is refused, and nothing is there", async (_, part, code) => {
      const opened = await openPush(faults, { host: "strict" });
      const task = { ...opened, way, blob: "large", chunkBytes, ...part } as const;
      expect(await pushWithLibrary(faults, task)).toEqual({ outcome: undefined, code });
      const { count, uploads, seen } = await closePush(faults, opened, right);
      expect({ count, uploads }).toEqual({ count: 0, uploads: 0 });
      expect(seen.filter(({ status }) => status === 201)).toEqual([]);
      if (code === "INVALID_DIGEST" || code === "UNSUPPORTED") expect(seen).toEqual([]);
    });
  });

  it.concurrent.each(NAMES)("named %j is refused, and nothing is asked", async (repository) => {
    await takeWrites(faults, "gzip"); // which nobody pushes to
    const task = { host: "gzip", repository, way, blob: "small", chunkBytes: 300 } as const;
    expect(await pushWithLibrary(faults, task))
      .toEqual({ outcome: undefined, code: "INVALID_NAME" });
    expect(await takeWrites(faults, "gzip")).toEqual([]);
  });
});

describe("a registry that stores other bytes than it was sent", () => {
  const plan = (at: number): PushPlan => ({
    host: "rots",
    faults: [{ method: "PATCH", nth: 2, action: { kind: "cut-request", at, by: "reset" } }],
  });

  it.each([1, 250_000])("is caught when a door reads back: cut at %i", async (at) => {
    // the hash is lost with the bytes that nobody acknowledged
    const opened = await openPush(faults, plan(at));
    const task = { way: "twin doors", ...opened, blob: "deep", chunkBytes: 1536 * KIB } as const;
    const { outcome, code } = await pushWithLibrary(faults, task);
    expect(outcome).toBeUndefined();
    expect(code).not.toBe("untyped");
    const { seen } = await closePush(faults, opened, await digestOf("deep"));
    expect(seen.map(({ method }) => method)).toContain("DELETE");
  });
});
