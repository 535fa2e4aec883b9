import { describe, expect, it } from "vitest";
import { assertPageSize, withQuery } from "../../../src/rest/mod.ts";

describe("withQuery()", () => {
  it("escapes what is given, and leaves out what is not", () => {
    const query = { name: "a&b=c", page_size: 5, ordering: undefined };
    expect(withQuery("https://api.example/x", query)).toBe(
      "https://api.example/x?name=a%26b%3Dc&page_size=5",
    );
    expect(withQuery("https://api.example/x", { name: undefined })).toBe("https://api.example/x");
  });
});

describe("assertPageSize()", () => {
  it("takes whole numbers from 1 to the maximum", () => {
    expect([1, 50].map((size) => assertPageSize(size, 50))).toEqual([1, 50]);
    for (const size of [0, 51, 1.5, NaN, -1]) {
      expect(() => assertPageSize(size, 50)).toThrow(TypeError);
    }
  });
});
