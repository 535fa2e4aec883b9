import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createScrub, encodeHex, encodeUtf8 } from "../../../src/core/mod.ts";
import { secretSpellings } from "../../../src/simulation/mod.ts";
import { expectFast, mebibyteOf } from "../../support/parser_checks.ts";

const SECRET = 'pa$$ "w/rd"+ä&=\\^.*';
const scrub = createScrub(() => [SECRET]);

describe("createScrub()", () => {
  it.each([
    ["as it is", SECRET],
    ["in hex", encodeHex(encodeUtf8(SECRET))],
    ["in capitals", SECRET.toUpperCase()],
    ["percent-encoded", encodeURIComponent(SECRET)],
    ["percent-encoded in small letters", encodeURIComponent(SECRET).toLowerCase()],
    ["in a form", `${new URLSearchParams([["", SECRET]])}`.slice(1)],
    ["in a URL", encodeURI(SECRET)],
    ["as JSON", JSON.stringify(SECRET).slice(1, -1)],
    ["as JSON in JSON", JSON.stringify(JSON.stringify(SECRET)).slice(3, -3)],
    ["as JSON of ASCII alone", SECRET.replace("ä", "\\u00e4").replace("/", "\\/")],
    ["in HTML", SECRET.replaceAll("&", "&amp;").replaceAll('"', "&#34;")],
  ])("takes a secret out %s", (_, spelling) => {
    expect(scrub(`it was "${spelling}", twice: ${spelling}`)).toBe(
      'it was "[redacted]", twice: [redacted]',
    );
  });

  it("takes it out of base64 wherever it stands in it, of what a URL takes, too", () => {
    const secret = "canary-?>~-1f9c0d7b2e";
    const taken = createScrub(() => [secret]);
    for (const user of ["", "a:", "ab:", "abc:"]) {
      const text = btoa(`${user}${secret}:more`);
      const safe = text.replaceAll("+", "-").replaceAll("/", "_");
      for (const encoded of [text, safe, encodeURIComponent(text)]) {
        expect(taken(encoded)).toContain("[redacted]");
        expect(secretSpellings(secret).filter((one) => taken(encoded).includes(one))).toEqual([]);
      }
    }
  });

  it("leaves what is under 4 characters, and a text without secrets", () => {
    const text = "ci failed: special circumstances";
    expect(createScrub(() => ["ci", "spe", ""])(text)).toBe(text);
    expect(createScrub(() => ["ci", "spec"])(text)).toBe("ci failed: [redacted]ial circumstances");
    expect(createScrub(() => [])(text)).toBe(text);
  });

  it("takes a long one out also where it was cut", () => {
    const token = Array.from({ length: 3000 }, (_, i) => "aB3.-_"[i * i % 6]).join("");
    for (const length of [3000, 2000, 1000, 100]) {
      const taken = createScrub(() => [token.slice(0, length)]);
      expect(taken(`Bearer ${token.slice(0, length)} is bad`)).toBe("Bearer [redacted] is bad");
      expect(taken(`Bearer ${token.slice(0, 80)}… is bad`)).toBe("Bearer [redacted]… is bad");
    }
    const phrase = "correct horse (battery) staple! ".repeat(4);
    expect(createScrub(() => [phrase])(`got ${phrase}, no`)).toBe("got [redacted], no");
  });

  it("prefers the longer of two secrets", () => {
    expect(createScrub(() => ["abcd", "abcdefgh"])("abcdefgh abcd")).toBe("[redacted] [redacted]");
  });

  it("asks for the secrets when there is a text, not before", () => {
    const held: string[] = [];
    const late = createScrub(() => held);
    held.push("canary-late");
    expect(late("canary-late")).toBe("[redacted]");
  });

  it("leaves no spelling of any secret in any text, and throws for none", () => {
    const secrets = fc.string({ unit: "grapheme", minLength: 8, maxLength: 90 })
      .filter((text) => text.isWellFormed() && new Set(text).size > 4);
    fc.assert(
      fc.property(secrets, fc.string(), fc.string(), (secret, before, after) => {
        const taken = createScrub(() => [secret]);
        for (const spelling of secretSpellings(secret)) {
          expect(taken(before + spelling + after)).not.toContain(spelling);
        }
      }),
      { numRuns: 300 },
    );
  });

  it.each(["\\", "a", "pa$$ ", "%", "&", "cGEkJCAid", " "])(
    "is fast over 1 MiB of %j",
    (pattern) => {
      const text = mebibyteOf(pattern).slice(0, 64 * 1024);
      scrub(text);
      expectFast(() => scrub(text));
    },
  );
});
