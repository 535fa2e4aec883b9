import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isUsable, readTokenAnswer, type Token } from "../../../src/auth/mod.ts";
import { encodeUtf8, isTidegateError } from "../../../src/core/mod.ts";
import { attempt, expectFast, mebibyteOf } from "../../support/parser_checks.ts";

const NOW = Date.UTC(2026, 0, 1, 12);
const SECOND = 1000;

/** Our clock is right; `skew` seconds is how far the server's is ahead. */
function read(answer: unknown, skew?: number): Token {
  const date = skew === undefined ? null : new Date(NOW + skew * SECOND).toUTCString();
  return readTokenAnswer(encodeUtf8(JSON.stringify(answer)), { date, receivedAt: NOW });
}

function lifetime(answer: Record<string, unknown>, skew?: number): number {
  return (read({ token: "t", ...answer }, skew).expiresAt - NOW) / SECOND;
}

/** RFC 3339, `seconds` from now. */
const at = (seconds: number): string => new Date(NOW + seconds * SECOND).toISOString();

describe("readTokenAnswer()", () => {
  it("takes token, or access_token, token first", () => {
    expect(read({ token: "a", access_token: "b" }).value.reveal()).toBe("a");
    expect(read({ access_token: "b" }).value.reveal()).toBe("b");
    expect(read({ token: "", access_token: "b" }).value.reveal()).toBe("b");
    expect(read({ token: null, access_token: "b" }).value.reveal()).toBe("b");
  });

  const LIFETIMES: readonly (readonly [string, Record<string, unknown>, number])[] = [
    ["absent", {}, 60],
    ["null", { expires_in: null }, 60],
    ["0", { expires_in: 0 }, 60],
    ["negative", { expires_in: -1 }, 60],
    ["30", { expires_in: 30 }, 30],
    ["10", { expires_in: 10 }, 10],
    ["a fraction of a second", { expires_in: 0.5 }, 0.5],
    ["300", { expires_in: 300 }, 300],
    ["a fraction", { expires_in: 99.5 }, 99.5],
    ["text", { expires_in: "300" }, 300],
    ["nonsense", { expires_in: "soon" }, 60],
    ["an object", { expires_in: {} }, 60],
    ["a day", { expires_in: 86_400 }, 3600],
    ["a trillion", { expires_in: 1e12 }, 3600],
    ["infinite", { expires_in: 1e999 }, 60],
  ];
  for (const [what, answer, expected] of LIFETIMES) {
    it(`lifetime ${what}: ${expected} s`, () => expect(lifetime(answer)).toBe(expected));
  }

  it("does not mind how wrong either clock is", () => {
    for (const skew of [0, 30, 59, 61, 120, 3600, 86_400].flatMap((s) => [s, -s])) {
      expect(lifetime({ expires_in: 300, issued_at: at(skew) }, skew)).toBe(300);
      expect(lifetime({ expires_in: 300, issued_at: at(skew - 100) }, skew)).toBe(200);
    }
  });

  it("counts the age of a token that was issued earlier", () => {
    expect(lifetime({ expires_in: 300, issued_at: at(-100) }, 0)).toBe(200);
    expect(lifetime({ expires_in: 300, issued_at: at(-290) }, 0)).toBe(10);
    expect(lifetime({ expires_in: 10, issued_at: at(-4) }, 0)).toBe(6);
    expect(lifetime({ expires_in: 300, issued_at: at(-300) }, 0)).toBe(300);
    expect(lifetime({ expires_in: 300, issued_at: at(-301) }, 0)).toBe(300);
  });

  it("without Date, trusts an age by our clock only if the token could be that old", () => {
    expect(lifetime({ expires_in: 300, issued_at: at(-100) })).toBe(200);
    expect(lifetime({ expires_in: 300, issued_at: at(-3600) })).toBe(300);
    expect(lifetime({ expires_in: 300, issued_at: at(3600) })).toBe(300);
    expect(lifetime({ expires_in: 300, issued_at: "yesterday" })).toBe(300);
    expect(lifetime({ expires_in: 300, issued_at: 17 })).toBe(300);
  });

  it("refuses what is no answer, without showing it", () => {
    const bad: unknown[] = [
      {},
      [],
      null,
      "canary",
      { token: 1 },
      { token: "canary canary" },
      { token: "canary\r\nx: y" },
      { token: "canary\u0000" },
      { token: "c\u00e4nary" },
      { token: "canary".repeat(20_000) },
      { Token: "canary" },
    ];
    const texts = [
      ...bad.map((answer) => JSON.stringify(answer)),
      "",
      "canary",
      "{",
      "<html>canary",
    ];
    texts.push('{"token":"canary","token":"canary2"}', `{"a":${"[".repeat(100)}`);
    for (const text of texts) {
      try {
        readTokenAnswer(encodeUtf8(text), { date: null, receivedAt: NOW });
        expect.unreachable();
      } catch (error) {
        expect(isTidegateError(error, "INVALID_RESPONSE") && error.details.what)
          .toBe("token answer");
        const cause = error instanceof Error ? String(error.cause) : "";
        expect(`${String(error)} ${JSON.stringify(error)} ${cause}`).not.toContain("canary");
      }
    }
  });

  it("is not misled by inherited fields", () => {
    expect(() => read(JSON.parse('{"__proto__":{"token":"x"}}'))).toThrow(/no usable token/);
  });

  it.each([[3600, 30], [60, 30], [40, 20], [10, 5], [2, 1], [0.5, 0.25]])(
    "of %d s is used until %d s before its end",
    (seconds, margin) => {
      const token = read({ token: "t", expires_in: seconds });
      const from = token.expiresAt - margin * SECOND;
      expect([NOW, from - 1, from, token.expiresAt].map((now) => isUsable(token, now))).toEqual([
        ...[true, true, false, false],
      ]);
    },
  );

  it("throws nothing untyped, in no time; never lives over the hour", () => {
    const answer = fc.record({
      token: fc.constant("t"),
      expires_in: fc.oneof(fc.double(), fc.integer(), fc.string(), fc.constant(undefined)),
      issued_at: fc.oneof(fc.date().map(String), fc.string(), fc.integer()),
    });
    const header = fc.option(fc.oneof(fc.string(), fc.constant(new Date(NOW).toUTCString())));
    fc.assert(fc.property(answer, header, (fields, date) => {
      const bytes = encodeUtf8(JSON.stringify(fields));
      const { expiresAt } = readTokenAnswer(bytes, { date, receivedAt: NOW });
      expect(expiresAt).toBeGreaterThanOrEqual(NOW);
      expect(expiresAt).toBeLessThanOrEqual(NOW + 3600 * SECOND);
    }));
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      attempt(() => readTokenAnswer(bytes, { date: null, receivedAt: NOW }));
    }));
    const facts = { date: null, receivedAt: NOW };
    for (const pattern of ["[", '{"a":', '"', "1", " ", "\\"]) {
      const bytes = encodeUtf8(mebibyteOf(pattern).slice(0, 128 * 1024)); // the cap on the body
      expectFast(() => readTokenAnswer(bytes, facts));
    }
  });
});

describe("isUsable()", () => {
  it("leaves out the last 30 seconds and what ends impossibly late", () => {
    const usable = (seconds: number): boolean =>
      isUsable({ expiresAt: NOW + seconds * SECOND }, NOW);
    expect([30, 0, -1, -Infinity, NaN].map(usable)).toEqual([false, false, false, false, false]);
    expect([30.001, 60, 3600, 3660].map(usable)).toEqual([true, true, true, true]);
    expect([3660.001, 1e12, Infinity].map(usable)).toEqual([false, false, false]);
  });
});
