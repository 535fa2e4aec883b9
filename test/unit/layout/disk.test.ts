import { describe, expect, it } from "vitest";
import { diskError } from "../../../src/layout/disk_node.ts";

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
