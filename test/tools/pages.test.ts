import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const page = readFileSync("docs/errors.md", "utf8").split("## From the front door")[0] ?? "";
const source = readFileSync("src/core/errors.ts", "utf8");

describe("docs/errors.md", () => {
  it("lists every error code, and no other", () => {
    const union = source.slice(
      source.indexOf("interface ErrorDetails"),
      source.indexOf("ErrorCode"),
    );
    const codes = [...union.matchAll(/^ {2}readonly ([A-Z_]+):/gm)].map(([, code]) => code);
    const listed = [...page.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, code]) => code);
    expect(codes.length).toBeGreaterThan(30);
    expect(listed.toSorted()).toEqual(codes.toSorted());
  });
});

describe("README.md", () => {
  it("names only commands that exist", () => {
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as {
      scripts: Record<string, string>;
    };
    const named = readFileSync("README.md", "utf8").matchAll(/npm run ([a-z:]+)/g);
    expect([...named].map(([, name]) => name).filter((name) => !(name && name in scripts))).toEqual(
      [],
    );
  });
});
