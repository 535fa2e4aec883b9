import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeUtf8 } from "../../../src/core/mod.ts";
import {
  ERROR_STATUS,
  readErrorBody,
  responseError,
  type WireErrorCode,
  writeErrorBody,
} from "../../../src/distribution/mod.ts";
import { expectFast, mebibyteOf } from "../../support/parser_checks.ts";
import { nearGrammar } from "../../support/wire_arbitraries.ts";
import vectors from "../../vectors/error_bodies.json" with { type: "json" };

const bodies = vectors.bodies as [string, string | null, string, [string, string][]][];

const CLEAN = /^[^\p{Cc}\p{Cf}\u2028\u2029]*$/u;

describe("readErrorBody()", () => {
  it.each(bodies)("reads %s", (_, contentType, body, expected) => {
    const found = readErrorBody(encodeUtf8(body), contentType);
    expect(found.map(({ code, message }) => [code, message])).toEqual(expected);
  });

  it("keeps 16 problems, 64 characters of a code and 512 of a message", () => {
    const errors = Array.from({ length: 20 }, () => ({
      code: "C".repeat(100),
      message: "m".repeat(2000),
    }));
    const found = readErrorBody(encodeUtf8(JSON.stringify({ errors })), "application/json");
    expect(found).toHaveLength(16);
    expect(found[0]).toEqual({ code: "C".repeat(64), message: "m".repeat(512) });
  });

  it("looks at the first 64 KiB alone", () => {
    const text = `${"x".repeat(64 * 1024)}SECRET`;
    expect(readErrorBody(encodeUtf8(text), "text/plain")[0]?.message).toBe("x".repeat(512));
  });

  it("never throws, and what it returns is clean", () => {
    const texts = fc.oneof(fc.json(), nearGrammar, fc.string().map((text) => `<html>${text}`));
    fc.assert(
      fc.property(texts, fc.option(nearGrammar), (text, contentType) => {
        for (const { code, message } of readErrorBody(encodeUtf8(text), contentType)) {
          expect(code).toMatch(/^[\w.:-]{0,64}$/);
          expect(message.length).toBeLessThanOrEqual(512);
          expect(message).toMatch(CLEAN);
        }
      }),
      { numRuns: 3000 },
    );
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        readErrorBody(bytes, undefined);
      }),
      { numRuns: 1000 },
    );
  });

  it.each(["<", "<title", "{", '{"errors":[', "[", '"', "http://a?", "://", " ", "\u0000", "?#"])(
    "reads 1 MiB of %j fast",
    (pattern) => {
      const bytes = encodeUtf8(mebibyteOf(pattern));
      expectFast(() => readErrorBody(bytes, "text/html"));
      expectFast(() => readErrorBody(bytes, null));
    },
  );
});

describe("writeErrorBody()", () => {
  it("writes the spec's document, which readErrorBody() reads back", () => {
    expect(writeErrorBody("DENIED", "no")).toBe('{"errors":[{"code":"DENIED","message":"no"}]}');
    const codes = fc.constantFrom(...Object.keys(ERROR_STATUS) as WireErrorCode[]);
    const message = fc.stringMatching(/^[a-z]([a-z ,.]{0,40}[a-z])?$/).filter((m) =>
      !m.includes("  ")
    );
    fc.assert(
      fc.property(codes, message, fc.jsonValue(), (code, message, detail) => {
        const body = writeErrorBody(code, message, detail as Parameters<typeof writeErrorBody>[2]);
        expect(JSON.parse(body)).toEqual({
          errors: [{ code, message, detail: JSON.parse(JSON.stringify(detail)) }],
        });
        expect(readErrorBody(encodeUtf8(writeErrorBody(code, message)), "application/json"))
          .toEqual([
            { code, message },
          ]);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("responseError()", () => {
  const body = encodeUtf8('{"errors":[{"code":"X","message":"told."}]}');
  const of = (status: number, headers: Record<string, string> = {}, now?: number): object => {
    const facts = { status, headers: new Headers(headers), origin: "https://r.example", body, now };
    return responseError(facts, "acme/app:v1").toJSON();
  };

  it.each([
    [401, "UNAUTHORIZED", "https://r.example wants other credentials for acme/app:v1: X told"],
    [403, "FORBIDDEN", "https://r.example denies access to acme/app:v1: X told"],
    [404, "NOT_FOUND", "https://r.example has no acme/app:v1: X told"],
    [429, "RATE_LIMITED", "https://r.example limits the rate of requests: X told"],
    [500, "SERVER_ERROR", "https://r.example answered 500 for acme/app:v1: X told"],
    [503, "SERVER_ERROR", "https://r.example answered 503 for acme/app:v1: X told"],
    [400, "UNEXPECTED_RESPONSE", "https://r.example answered 400 for acme/app:v1: X told"],
    [302, "UNEXPECTED_RESPONSE", "https://r.example answered 302 for acme/app:v1: X told"],
  ])("makes %i %s", (status, code, message) => {
    const diagnostics = [{ code: "X", message: "told." }];
    const details = { status, origin: "https://r.example", diagnostics };
    expect(of(status)).toMatchObject({ code, message, details });
  });

  it("says what was asked for when it is not there", () => {
    expect(of(404)).toMatchObject({ details: { image: "acme/app:v1" } });
  });

  it.each<[string, number | undefined, number | undefined]>([
    ["120", 1_000_000, 1_120_000],
    ["120", undefined, undefined],
    ["0", 5, 5],
    ["Sat, 21 Nov 2026 04:00:00 GMT", undefined, Date.UTC(2026, 10, 21, 4)],
    ["Saturday, 21-Nov-26 04:00:00 GMT", undefined, Date.UTC(2026, 10, 21, 4)],
    ["soon", 5, undefined],
    ["-1", 5, undefined],
    ["880.092\u00b5s", 5, undefined],
    ["99999999999999999999", 5, undefined],
  ])("reads Retry-After %j at %j as %j", (retryAfter, now, resetAt) => {
    expect(of(429, { "retry-after": retryAfter }, now)).toMatchObject({ details: { resetAt } });
  });

  it("does without a body", () => {
    const facts = { status: 404, headers: new Headers(), origin: "https://r.example" };
    expect(responseError(facts, "a:b").message).toBe("https://r.example has no a:b");
  });
});

describe("readErrorBody() of a server that repeats what it was sent", () => {
  it.each([
    "Basic bWU6cGFzc3dvcmQ=",
    "bearer eyJhbGciOiJ.eyJzdWIi.c2ln-_",
    "BEARER  0123456789abcdef",
  ])(
    "hides the credential in %s",
    (authorization) => {
      const [said] = readErrorBody(
        new TextEncoder().encode(`bad authorization: ${authorization}; try again`),
        "text/plain",
      );
      expect(said?.message).toMatch(/^bad authorization: \w+ \[hidden\]; try again$/);
    },
  );

  it("leaves other words alone", () => {
    const text = "basic authentication required, bearer token expired";
    const [said] = readErrorBody(new TextEncoder().encode(text), "text/plain");
    expect(said?.message).toBe(text);
  });
});
