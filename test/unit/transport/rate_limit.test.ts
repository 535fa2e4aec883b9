import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readRateLimit } from "../../../src/transport/mod.ts";

describe("readRateLimit()", () => {
  it.each([
    [{ "ratelimit-limit": "100;w=21600", "ratelimit-remaining": "76;w=21600" }, 100, 76, 21_600],
    [{ "x-ratelimit-limit": "100;w=3600", "x-ratelimit-remaining": "0;w=3600" }, 100, 0, 3_600],
    [{ "ratelimit-remaining": "5" }, undefined, 5, undefined],
    [{ "ratelimit-limit": "10; w=60" }, 10, undefined, 60],
    [{ "ratelimit-limit": "100, 100;w=60" }, 100, undefined, undefined],
  ])("reads %j", (headers, limit, remaining, windowSeconds) => {
    expect(readRateLimit(new Headers(headers as Record<string, string>))).toMatchObject({
      limit,
      remaining,
      windowSeconds,
    });
  });

  it("says nothing where nothing is told", () => {
    expect(readRateLimit(new Headers())).toBeUndefined();
    expect(readRateLimit(new Headers({ "ratelimit-limit": "many" }))).toBeUndefined();
  });

  it("never throws", () => {
    const value = fc.string().filter((text) => /^[\t\x20-\x7e]*$/.test(text));
    fc.assert(fc.property(value, value, (limit, remaining) => {
      readRateLimit(new Headers({ "ratelimit-limit": limit, "ratelimit-remaining": remaining }));
    }));
  });
});
