import { describe, expect, it } from "vitest";
import { checkLayers, findCycles, type Layers, readLayers } from "../../tools/check_layers.ts";
import { readSources } from "../../tools/source_files.ts";

const LAYERS: Layers = {
  folders: { core: [], auth: ["core"], client: ["core", "auth"] },
  packages: { hono: ["client"] },
};

function check(path: string, text: string): string[] {
  return checkLayers([{ path, text }], LAYERS);
}

describe("checkLayers()", () => {
  it("accepts a downward import through mod.ts", () => {
    expect(check("src/auth/a.ts", `import { x } from "../core/mod.ts";`)).toEqual([]);
  });

  it.each([
    ["an upward import", "src/core/a.ts", `import { x } from "../auth/mod.ts";`],
    ["an upward type import", "src/core/a.ts", `import type { X } from "../auth/mod.ts";`],
    ["an upward import()", "src/core/a.ts", `const x = import("../auth/mod.ts");`],
    ["an upward import type", "src/core/a.ts", `type X = import("../auth/mod.ts").X;`],
    ["an upward re-export", "src/core/a.ts", `export * from "../auth/mod.ts";`],
    ["a deep import", "src/auth/a.ts", `import { x } from "../core/errors.ts";`],
    ["its own mod.ts", "src/auth/a.ts", `import { x } from "./mod.ts";`],
    ["a file outside src", "src/auth/a.ts", `import { x } from "../../test/x.ts";`],
    ["a package away from home", "src/auth/a.ts", `import { Hono } from "hono/tiny";`],
    ["an unknown package", "src/client/a.ts", `import x from "@scope/name/sub";`],
    ["node: outside an adapter", "src/auth/a.ts", `import fs from "node:fs";`],
    ["a folder without a row", "src/nowhere/a.ts", `import { x } from "../core/mod.ts";`],
  ])("refuses %s", (_, path, text) => {
    expect(check(path, text)).toHaveLength(1);
  });

  it("accepts node: in an adapter and a package at home", () => {
    expect(check("src/auth/files_host.ts", `import fs from "node:fs";`)).toEqual([]);
    expect(check("src/client/a.ts", `import { Hono } from "hono";`)).toEqual([]);
  });

  it("refuses a cycle between files, type imports included", () => {
    const files = [
      { path: "src/core/a.ts", text: `import type { B } from "./b.ts";` },
      { path: "src/core/b.ts", text: `import { a } from "./a.ts";` },
    ];
    expect(checkLayers(files, LAYERS)).toEqual([
      "cycle: src/core/a.ts -> src/core/b.ts -> src/core/a.ts",
    ]);
  });
});

describe("layers.json", () => {
  const layers = readLayers();

  it("has no cycle of folders", () => {
    expect(findCycles(new Map(Object.entries(layers.folders)))).toEqual([]);
  });

  it("has a row for every folder of src, which keeps to it", () => {
    expect(checkLayers(readSources("src/**/*.ts"), layers)).toEqual([]);
  });
});
