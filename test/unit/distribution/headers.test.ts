import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatContentRange,
  formatLink,
  formatRange,
  parseContentRange,
  parseLink,
  parseRange,
  type RangeSpec,
  readNextLink,
  resolveRange,
} from "../../../src/distribution/mod.ts";
import { attempt, expectFast, mebibyteOf } from "../../support/parser_checks.ts";
import { nearGrammar } from "../../support/wire_arbitraries.ts";
import vectors from "../../vectors/headers.json" with { type: "json" };

const linkVectors = vectors.links as [string, [string, object][] | null][];
const contentRangeVectors = vectors.contentRanges as [string, object | null][];
const rangeVectors = vectors.ranges as [string, object | null][];
const resolvedVectors = vectors.resolved as [string, number, [number, number] | null][];

const INVALID = expect.objectContaining({ code: "INVALID_RESPONSE" });

describe("parseLink()", () => {
  it.each(linkVectors)("reads %j", (header, links) => {
    if (links === null) return expect(() => parseLink(header)).toThrow(INVALID);
    const read = parseLink(header).map((link) => [
      link.target,
      Object.fromEntries(link.parameters),
    ]);
    expect(read).toEqual(links);
  });

  it("is undone by formatLink()", () => {
    const value = fc.string({ unit: fc.constantFrom(...'ab \t",;<>=\\é') });
    const link = fc.record({
      target: fc.string({ unit: fc.constantFrom(...'/a?=&,;"% ') }),
      parameters: fc.dictionary(fc.stringMatching(/^[a-z!*-]{1,6}$/), value, { maxKeys: 3 })
        .map((parameters) => new Map(Object.entries(parameters))),
    });
    fc.assert(
      fc.property(fc.array(link, { maxLength: 3 }), (links) => {
        expect(parseLink(links.map(formatLink).join(", "))).toEqual(links);
      }),
      { numRuns: 1000 },
    );
  });

  it("never throws anything untyped", () => {
    fc.assert(
      fc.property(nearGrammar, fc.boolean(), (text, isLink) => {
        attempt(() => parseLink(isLink ? `<a>;${text}` : text));
      }),
      { numRuns: 3000 },
    );
  });

  it.each([...'<>;,="a \t\\', "<a>", "<a>;a=b", '<a>;a="', "<a>,", ";a", '\\"'])(
    "reads %j fast, in a header of 64 KiB as of 1 MiB",
    (pattern) => {
      expectFast(() => parseLink(mebibyteOf(pattern)));
      for (const head of ["", "<a>", "<a>;", '<a>;a="']) {
        expectFast(() => parseLink(head + mebibyteOf(pattern).slice(0, 65_000)));
      }
    },
  );

  it("refuses more than 64 KiB unread", () => {
    expect(() => parseLink(mebibyteOf("<a>,"))).toThrow("longer than 65536 bytes");
  });
});

describe("readNextLink()", () => {
  const page = "https://r.example/v2/a/tags/list?n=2";
  const next = (link: string): string | undefined => readNextLink(new Headers({ link }), page);

  it("is absent without a header, and without a link to a next page", () => {
    expect(readNextLink(new Headers(), page)).toBeUndefined();
    expect(next("<x>; rel=prev")).toBeUndefined();
    expect(next("<x>; title=next")).toBeUndefined();
  });

  it("resolves against the page", () => {
    expect(next("</v2/a/tags/list?last=b&n=2>; rel=next")).toBe(
      "https://r.example/v2/a/tags/list?last=b&n=2",
    );
    expect(next("<?last=b>; rel=next")).toBe("https://r.example/v2/a/tags/list?last=b");
    expect(next('<x>; rel=prev, <y>; rel="last NEXT"')).toBe("https://r.example/v2/a/tags/y");
    expect(next("<x>; rel=next, <x>; rel=next")).toBe("https://r.example/v2/a/tags/x");
  });

  it("tells of other hosts and leaves them to the origin policy", () => {
    expect(next("<//evil.example/x>; rel=next")).toBe("https://evil.example/x");
    expect(next("<http://evil.example/>; rel=next")).toBe("http://evil.example/");
  });

  it.each([
    ["<a>; rel=next, <b>; rel=next", "several next pages"],
    ["<>; rel=next", "the page itself"],
    ["<#x>; rel=next", "the page itself"],
    ["<https://[>; rel=next", "no URL"],
    ["<a", "grammar"],
  ])("refuses %j: %s", (link, message) => {
    expect(() => next(link)).toThrow(message);
  });
});

describe("parseContentRange()", () => {
  it.each(contentRangeVectors)("reads %j", (text, range) => {
    if (range === null) return expect(() => parseContentRange(text)).toThrow(INVALID);
    expect(parseContentRange(text)).toEqual(range);
  });

  it("is undone by formatContentRange()", () => {
    const range = fc.tuple(fc.nat(), fc.nat(), fc.option(fc.nat()), fc.boolean()).map(
      ([start, length, rest, isKnown]) =>
        isKnown
          ? {
            start,
            end: start + length,
            size: rest === null ? undefined : start + length + 1 + rest,
          }
          : { start: undefined, end: undefined, size: start },
    );
    fc.assert(
      fc.property(range, (range) => {
        expect(parseContentRange(formatContentRange(range))).toEqual(range);
      }),
      { numRuns: 1000 },
    );
  });

  it("never throws anything untyped", () => {
    const near = fc.string({ unit: fc.constantFrom(..."bytes 0129-*/=,") });
    fc.assert(
      fc.property(fc.oneof(near, near.map((text) => `bytes ${text}`)), (text) => {
        const range = attempt(() => parseContentRange(text));
        if (range !== undefined) {
          expect(parseContentRange(formatContentRange(range))).toEqual(range);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it.each(["0", "bytes ", "-", "bytes 0-1/2,"])("reads 1 MiB of %j fast", (pattern) => {
    expectFast(() => parseContentRange(mebibyteOf(pattern)));
  });
});

describe("parseRange()", () => {
  it.each(rangeVectors)("reads %j", (text, range) => {
    expect(parseRange(text)).toEqual(range ?? undefined);
  });

  it("is undone by formatRange()", () => {
    const range: fc.Arbitrary<RangeSpec> = fc.oneof(
      fc.nat().map((suffix) => ({ suffix })),
      fc.maxSafeNat().map((start) => ({ start })),
      fc.tuple(fc.nat(), fc.nat()).map(([start, length]) => ({ start, end: start + length })),
    );
    fc.assert(
      fc.property(range, (range) => {
        expect(parseRange(formatRange(range))).toEqual(range);
      }),
      { numRuns: 1000 },
    );
  });

  it("never throws", () => {
    const near = fc.string({ unit: fc.constantFrom(..."bytes= 0129-,") });
    fc.assert(
      fc.property(fc.oneof(near, near.map((text) => `bytes=${text}`)), (text) => {
        const range = parseRange(text);
        if (range !== undefined && (range.end ?? Infinity) >= (range.start ?? 0)) {
          expect(parseRange(formatRange(range))).toEqual(range);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it.each(["0", "bytes=", "-", "bytes=0-1,", " "])("reads 1 MiB of %j fast", (pattern) => {
    expectFast(() => parseRange(mebibyteOf(pattern)));
  });

  it.each([{ start: -1 }, { start: 1.5 }, { start: 5, end: 4 }, { suffix: NaN }])(
    "formatRange() refuses %j as misuse",
    (range) => {
      expect(() => formatRange(range)).toThrow(TypeError);
    },
  );
});

describe("resolveRange()", () => {
  it.each(resolvedVectors)("%s of %i bytes is %j", (text, size, expected) => {
    const range = resolveRange(parseRange(text) as RangeSpec, size);
    expect(range).toEqual(expected === null ? undefined : { start: expected[0], end: expected[1] });
  });

  it("never leaves the content", () => {
    fc.assert(
      fc.property(fc.nat(300), fc.nat(300), fc.nat(200), (start, end, size) => {
        for (const range of [{ start }, { start, end }, { suffix: end }]) {
          const resolved = resolveRange(range, size);
          if (resolved === undefined) continue;
          expect(resolved.start).toBeGreaterThanOrEqual(0);
          expect(resolved.end).toBeGreaterThanOrEqual(resolved.start);
          expect(resolved.end).toBeLessThan(size);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("parseLink() of a signed URL", () => {
  it.each(['<https://cdn.test/?s=signature; rel="next"', "<?s=signature#signature> x"])(
    "refuses %s without its query",
    (header) => {
      expect(() => parseLink(header)).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining("signature") }),
      );
    },
  );
});
