import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matchesSequence } from "../../../src/core/mod.ts";
import { expectFast } from "../../support/parser_checks.ts";

const equal = (a: string, b: string): boolean => a === b;

/** The rule, word for word: a star is nothing, or one item and a star again. */
function oracle([first, ...pattern]: readonly string[], items: readonly string[]): boolean {
  if (first === undefined) return items.length === 0;
  if (first === "*") {
    return oracle(pattern, items) ||
      (items.length > 0 && oracle(["*", ...pattern], items.slice(1)));
  }
  return first === items[0] && oracle(pattern, items.slice(1));
}

describe("matchesSequence()", () => {
  it("says what the rule says", () => {
    const pattern = fc.array(fc.constantFrom("a", "b", "*"), { maxLength: 7 });
    const items = fc.array(fc.constantFrom("a", "b"), { maxLength: 9 });
    fc.assert(
      fc.property(pattern, items, (p, i) => {
        expect(matchesSequence(p, i, "*", equal)).toBe(oracle(p, i));
      }),
      { numRuns: 2000 },
    );
  });

  it("takes less than 50 ms for many stars", () => {
    const pattern = Array(200).fill(["*", "a"]).flat();
    expectFast(() => matchesSequence(pattern, Array(4000).fill("a").concat("b"), "*", equal));
  });
});
