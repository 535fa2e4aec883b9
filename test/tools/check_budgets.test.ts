import { describe, expect, it } from "vitest";
import { BUDGETS, checkBudgets } from "../../tools/check_budgets.ts";

function check(text: string, path = "src/auth/a.ts"): string[] {
  return checkBudgets([{ path, text }]);
}

function functionOf(lines: number): string {
  return `function f(): void {\n${"  f();\n".repeat(lines - 2)}}\n`;
}

describe("checkBudgets()", () => {
  it.each([
    ["any", "const a: any = 1;"],
    ["any inside a type", "type A = Record<string, any>;"],
    ["a non-null assertion", "const a = b!;"],
    ["a definite assignment", "let a!: string;"],
    ["a suppression without a reason", "// @ts-expect-error\na();"],
    ["a lint suppression without a reason", "// deno-lint-ignore no-console\na();"],
    ["@ts-nocheck", "// @ts-nocheck"],
    ["unfinished work", `// ${"TO"}DO later`],
    ["a file over the hard limit", "a();\n".repeat(BUDGETS.fileHard + 1)],
  ])("refuses %s", (_, text) => {
    expect(check(text)).toHaveLength(1);
  });

  it("refuses a function over the hard limit and a high median", () => {
    const problems = check(functionOf(BUDGETS.functionHard + 1));
    expect(problems).toHaveLength(2);
    expect(check(functionOf(BUDGETS.functionMedian + 1))).toHaveLength(1);
    expect(check(functionOf(BUDGETS.functionMedian))).toEqual([]);
  });

  it("refuses more suppressions than the budget, even with reasons", () => {
    const line = "// @ts-expect-error the types lag behind\na();\n";
    expect(check(line.repeat(BUDGETS.suppressions))).toEqual([]);
    expect(check(line.repeat(BUDGETS.suppressions + 1))).toHaveLength(1);
  });

  it("refuses many files over the soft limit", () => {
    const text = "a();\n".repeat(BUDGETS.fileSoft + 1);
    const files = Array.from({ length: BUDGETS.filesOverSoft + 1 }, (_, index) => ({
      path: `src/auth/${index}.ts`,
      text,
    }));
    expect(checkBudgets(files)).toHaveLength(1);
  });

  it("leaves generated files alone", () => {
    const text = "a();\n".repeat(BUDGETS.fileHard + 1);
    expect(check(text, "src/hash/sha2_hex.ts")).toEqual([]);
  });
});
