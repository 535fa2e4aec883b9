import { describe, expect, it } from "vitest";
import { matchesGlob } from "../../../src/front/glob.ts";
import { expectFast } from "../../support/parser_checks.ts";

function matches(glob: string, name: string): boolean {
  return matchesGlob(glob.split("/"), name);
}

describe("matchesGlob()", () => {
  it.each([
    ["library/hello", "library/hello", true],
    ["library/hello", "library/hello2", false],
    ["library/**", "library/hello", true],
    ["library/**", "library/a/b", true],
    ["library/**", "library", false],
    ["library/**", "library2/a", false],
    ["**", "a", true],
    ["**", "a/b/c", true],
    ["*", "a", true],
    ["*", "a/b", false],
    ["acme/*-dev", "acme/app-dev", true],
    ["acme/*-dev", "acme/x/app-dev", false],
    ["acme/a*b*c", "acme/aXbXbc", true],
    ["acme/a*b*c", "acme/aXcXb", false],
    ["**/secret", "a/b/secret", true],
    ["**/secret", "secret", false],
    ["a/**/z", "a/b/c/z", true],
    ["a/**/z", "a/z", false],
    ["a.b", "axb", false],
  ])("%s and %s: %s", (glob, name, expected) => {
    expect(matches(glob, name)).toBe(expected);
  });

  it("takes less than 50 ms for stars without end", () => {
    const glob = Array(120).fill("*a*a*a").join("/");
    const name = Array(120).fill("a".repeat(200) + "b").join("/");
    expectFast(() => matches(glob, name));
    expectFast(() =>
      matches(Array(60).fill("**").join("/") + "/x", Array(120).fill("a").join("/"))
    );
  });
});
