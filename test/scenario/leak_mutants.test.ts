import { describe, expect, it } from "vitest";
import { DOOR_MUTANTS } from "../support/door_mutants.ts";
import { doorCases, runDoorMap, writingDoorCases } from "../support/leak_door.ts";
import { casesOf, type MapCase, runLeakMap, steeredCases } from "../support/leak_map.ts";
import { LEAK_MUTANTS, type LeakMutant } from "../support/leak_mutants.ts";
import { loadProduct } from "../support/mutant_node.ts";

/* The leak map can go red: with any one of these checks taken out of the product, it does. */

function casesFor({ leakClass }: LeakMutant): MapCase[] {
  return leakClass === "steered" ? steeredCases() : casesOf(leakClass);
}

describe("the leak map finds a product without one check", () => {
  it.each(LEAK_MUTANTS)("$leakClass: $name", async (mutant) => {
    const product = await loadProduct(mutant);
    let found = 0;
    const cases = casesFor(mutant);
    for (let at = 0; at < cases.length && found === 0; at += 16) {
      const { findings } = await runLeakMap(product, cases.slice(at, at + 16));
      found += findings.filter(({ kind }) => kind === mutant.finds).length;
    }
    expect(found).toBeGreaterThan(0);
  });
});

describe("the map of the door finds a door without one check", () => {
  it.each(DOOR_MUTANTS)("$name", async (mutant) => {
    const product = await loadProduct(mutant);
    const cases = mutant.writes ? writingDoorCases() : doorCases();
    const { findings } = await runDoorMap(product, cases);
    expect(findings.filter(({ kind }) => kind === mutant.finds).length).toBeGreaterThan(0);
  });
});

describe("the bundle itself", () => {
  it("leaks nothing when nothing was taken out", async () => {
    const product = await loadProduct();
    const { findings, cases } = await runLeakMap(product, casesOf("realm").slice(0, 100));
    expect(findings).toEqual([]);
    expect(cases).toBeGreaterThan(50);
  });

  it("cannot be made where a mutant's text is gone", async () => {
    const [mutant] = LEAK_MUTANTS;
    if (mutant === undefined) throw new Error("There are no mutants");
    await expect(loadProduct({ ...mutant, edits: [["no such text", ""]] })).rejects.toThrow();
  });
});
