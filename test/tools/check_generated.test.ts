import { describe, expect, it } from "vitest";
import { compareGenerated } from "../../tools/check_generated.ts";

const bytes = (...values: number[]) => new Uint8Array(values);

describe("compareGenerated()", () => {
  it("is silent when every file is the same", () => {
    expect(compareGenerated(new Map([["a", bytes(1)]]), new Map([["a", bytes(1)]]))).toEqual([]);
  });

  it.each([
    ["changed", new Map([["a", bytes(1)]]), new Map([["a", bytes(2)]])],
    ["new", new Map(), new Map([["a", bytes(2)]])],
    ["gone", new Map([["a", bytes(1)]]), new Map()],
  ])("names a file that is %s", (_, before, after) => {
    expect(compareGenerated(before, after)).toHaveLength(1);
  });
});
