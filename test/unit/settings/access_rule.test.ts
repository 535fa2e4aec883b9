import { describe, expect, it } from "vitest";
import { parseAccessRule } from "../../../src/settings/mod.ts";

describe("parseAccessRule()", () => {
  it("splits upstream, glob and actions", () => {
    expect(parseAccessRule("hub/acme/**:pull,push")).toEqual({
      upstream: "hub",
      repository: ["acme", "**"],
      actions: ["pull", "push"],
    });
  });

  it.each([
    "",
    "hub",
    "hub:pull",
    "hub/:pull",
    "/a:pull",
    "hub/a",
    "hub/a:",
    "hub/a:read",
    "hub/a:pull,",
    "hub/A:pull",
    "hub/a b:pull",
    "hub/a**:pull",
    "hub//a:pull",
    `hub/${"a".repeat(600)}:pull`,
  ])("says what is wrong with %j", (text) => {
    expect(typeof parseAccessRule(text)).toBe("string");
  });
});
