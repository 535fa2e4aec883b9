import { describe, expect, it } from "vitest";
import { compareExports, exportMaps } from "../../tools/check_exports.ts";

const EXTRA = {
  files: { "./kv/workers": "src/kv/workers.ts", "./front/worker": "src/front/worker.ts" },
  workerd: { "./hash": "src/hash/workerd.ts" },
  denoOnly: { "./std-crypto": "src/hash/std_crypto.ts" },
};

const maps = exportMaps(
  ["src/hash/mod.ts", "src/kv/mod.ts"],
  EXTRA,
  (path) => path !== "src/front/worker.ts",
);

describe("exportMaps()", () => {
  it("gives every folder its subpath, in both manifests", () => {
    expect(Object.keys(maps.deno)).toEqual([
      ".",
      "./hash",
      "./kv",
      "./kv/workers",
      "./std-crypto",
    ]);
    expect(Object.keys(maps.npm)).toEqual([
      ".",
      "./hash",
      "./kv",
      "./kv/workers",
      "./package.json",
    ]);
  });

  it("puts the workerd condition first after the types", () => {
    expect(Object.entries(maps.npm["./hash"] ?? {})).toEqual([
      ["types", "./dist/src/hash/mod.d.ts"],
      ["workerd", "./dist/src/hash/workerd.js"],
      ["default", "./dist/src/hash/mod.js"],
    ]);
  });
});

describe("compareExports()", () => {
  it("is silent when both agree", () => {
    expect(compareExports("deno.json", maps.deno, maps.deno)).toEqual([]);
  });

  it("names what lacks, what is too much and what differs", () => {
    const { "./kv": _, ...less } = maps.deno;
    expect(compareExports("deno.json", less, maps.deno)).toEqual([
      "deno.json: exports lacks ./kv",
    ]);
    expect(compareExports("deno.json", { ...maps.deno, "./x": "./x.ts" }, maps.deno)).toHaveLength(
      1,
    );
    expect(compareExports("deno.json", { ...maps.deno, "./kv": "./x.ts" }, maps.deno)).toHaveLength(
      1,
    );
  });
});
