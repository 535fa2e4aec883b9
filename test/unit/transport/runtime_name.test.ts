import { afterEach, describe, expect, it, vi } from "vitest";
import { isRuntime } from "../../../src/transport/runtime_name.ts";

describe("isRuntime()", () => {
  afterEach(() => void vi.unstubAllGlobals());

  it.each(["Node.js", "Deno", "Bun"] as const)("tells %s by what it calls itself", (name) => {
    vi.stubGlobal("navigator", { userAgent: `${name}/24` });
    expect(isRuntime(name)).toBe(true);
    expect(isRuntime(name === "Deno" ? "Node.js" : "Deno")).toBe(false);
  });

  it.each([undefined, {}, { userAgent: "Mozilla/5.0 (like Node.js/24)" }])(
    "is no with %o for a navigator",
    (navigator) => {
      vi.stubGlobal("navigator", navigator);
      expect(isRuntime("Node.js")).toBe(false);
    },
  );
});
