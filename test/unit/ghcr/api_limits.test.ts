import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createApiLimits, readApiRateLimit } from "../../../src/ghcr/api_limits.ts";

const NOW = Date.UTC(2026, 0, 1);

function limitsAt(now = NOW): ReturnType<typeof createApiLimits> {
  return createApiLimits({ now: () => now });
}

function headers(fields: Record<string, string>): Headers {
  return new Headers(fields);
}

const USED_UP = {
  "x-ratelimit-limit": "60",
  "x-ratelimit-remaining": "0",
  "x-ratelimit-reset": String(NOW / 1000 + 1800),
};

describe("createApiLimits()", () => {
  it("obeys retry-after before all else", () => {
    const fields = headers({ ...USED_UP, "retry-after": "7" });
    expect(limitsAt().nextTry(403, fields, "")).toBe(NOW + 7000);
  });

  it("waits for the reset where nothing remains", () => {
    expect(limitsAt().nextTry(403, headers(USED_UP), "")).toBe(NOW + 1_800_000);
    expect(limitsAt(NOW + 2e6).nextTry(429, headers(USED_UP), "")).toBe(NOW + 2e6);
  });

  it("waits a minute after a secondary limit, and twice as long each further time", () => {
    const limits = limitsAt();
    const text = "You have exceeded a secondary rate limit. Please wait a few minutes";
    const waits = Array.from({ length: 8 }, () => limits.nextTry(403, headers({}), text));
    expect(waits.map((at) => ((at ?? 0) - NOW) / 60_000)).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
    limits.nextTry(200, headers({}), "");
    expect(limits.nextTry(429, headers({}), "")).toBe(NOW + 60_000);
  });

  it("takes another 403 for what it is", () => {
    expect(limitsAt().nextTry(403, headers({}), "Must have admin rights")).toBeUndefined();
    expect(limitsAt().nextTry(500, headers(USED_UP), "rate limit exceeded")).toBeUndefined();
  });

  it("knows when the budget is used up, of the core resource alone", () => {
    const limits = limitsAt();
    expect(limits.exhaustedUntil()).toBeUndefined();
    limits.note(headers({ ...USED_UP, "x-ratelimit-resource": "search" }));
    expect(limits.exhaustedUntil()).toBeUndefined();
    limits.note(headers(USED_UP));
    expect(limits.exhaustedUntil()).toBe(NOW + 1_800_000);
    limits.note(headers({ ...USED_UP, "x-ratelimit-remaining": "5" }));
    expect(limits.exhaustedUntil()).toBeUndefined();
    limits.note(headers(USED_UP));
    limits.reset();
    expect(limits.exhaustedUntil()).toBeUndefined();
  });

  it("never lets a request go early, whatever the headers say", () => {
    const text = fc.option(fc.oneof(fc.stringMatching(/^[ -~]{0,12}$/), fc.nat().map(String)), {
      nil: undefined,
    });
    fc.assert(fc.property(text, text, text, (retryAfter, remaining, reset) => {
      const given = { "retry-after": retryAfter, "x-ratelimit-remaining": remaining };
      const fields = headers({ "x-ratelimit-limit": "60" });
      for (const [name, value] of Object.entries({ ...given, "x-ratelimit-reset": reset })) {
        if (value !== undefined) fields.set(name, value);
      }
      const at = limitsAt().nextTry(429, fields, "");
      expect(at).toBeGreaterThanOrEqual(NOW);
      const facts = readApiRateLimit(fields);
      if (retryAfter !== undefined || facts?.remaining !== 0) return;
      expect(at).toBeGreaterThanOrEqual(facts.resetAt);
    }));
  });
});
