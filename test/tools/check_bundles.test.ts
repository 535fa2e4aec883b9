import { describe, expect, it } from "vitest";
import { type Bundle, measureBundle } from "../../tools/check_bundles.ts";

const BASE: Bundle = {
  name: "seeded",
  entry: "",
  needs: [],
  ceilingKib: 100,
  forbidden: ["itty-router", "caches.default", "node:fs"],
};

describe("measureBundle()", () => {
  it("accepts a small bundle with nothing forbidden", async () => {
    const entry = `export { Secret } from "./src/core/mod.ts";`;
    const { problems, gzipKib } = await measureBundle({ ...BASE, entry });
    expect(problems).toEqual([]);
    expect(gzipKib).toBeGreaterThan(0);
  });

  it.each([
    ["a package", `export { Router } from "itty-router";`, "itty-router"],
    ["a word", `export const a = () => caches.default;`, "caches.default"],
    ["a module of the runtime", `export { readFile } from "node:fs";`, "node:fs"],
  ])("refuses %s that leaked in", async (_, entry, name) => {
    const { problems } = await measureBundle({ ...BASE, entry });
    expect(problems).toEqual([`seeded: contains ${name}`]);
  });

  it("refuses a bundle over its ceiling", async () => {
    const entry = `export { Secret } from "./src/core/mod.ts";`;
    const { problems } = await measureBundle({ ...BASE, entry, ceilingKib: 0.1 });
    expect(problems).toHaveLength(1);
  });
});
