import { describe, expect, it } from "vitest";
import { checkDocs } from "../../tools/check_docs.ts";
import { checkExamples } from "../../tools/doc_examples.ts";

const HEADER = `/**
 * Decide what proof to send.
 *
 * In: a 401. Out: a header. Next: transport.
 * @module
 */
`;

function check(text: string, path = "src/auth/a.ts"): string[] {
  return checkDocs([{ path, text }]);
}

describe("checkDocs()", () => {
  it("accepts a mod.ts with the header, and documented exports", () => {
    expect(check(HEADER, "src/auth/mod.ts")).toEqual([]);
    expect(check("/** Seconds. */\nexport const A = 1;\n")).toEqual([]);
  });

  it.each([
    ["no header", "export * from './a.ts';\n"],
    ["a header without Next", HEADER.replace(" Next: transport.", "")],
    ["a header without @module", HEADER.replace(" * @module\n", "")],
  ])("refuses a mod.ts with %s", (_, text) => {
    expect(check(text, "src/auth/mod.ts")).toHaveLength(1);
  });

  it.each([
    "export const A = 1;",
    "export function f(): void {}",
    "export interface A {}",
    "export type A = 1;",
    "export class A {}",
    "/** */\nexport const A = 1;",
  ])("refuses %s", (text) => {
    expect(check(text)).toHaveLength(1);
  });

  it("takes one docstring for all overloads", () => {
    const text =
      "/** Doc. */\nexport function f(a: 1): 1;\nexport function f(a: 1): 1 { return a; }";
    expect(check(text)).toEqual([]);
  });
});

describe("checkExamples()", () => {
  it("accepts examples that compile, refuses those that do not, and says where", () => {
    const codes = [
      `import { Secret } from "tidegate/core";\nnew Secret("a");`,
      `import { Nothing } from "tidegate/core";`,
      `const a: string = 1;`,
    ];
    const text = codes.map((code) => `\`\`\`ts\n${code}\n\`\`\`\n`).join("");
    const problems = checkExamples([{ path: "README.md", text }]);
    expect(problems).toHaveLength(2);
    expect(problems[0]).toMatch(/^README\.md:6 .*Nothing/);
    expect(problems[1]).toMatch(/^README\.md:9 .*number/);
  });
});
