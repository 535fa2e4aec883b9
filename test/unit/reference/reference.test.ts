import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatFamiliar,
  formatReference,
  parseReference,
  type Reference,
  tryParseReference,
} from "../../../src/reference/mod.ts";
import { attempt, expectFast, mebibyteOf } from "../../support/parser_checks.ts";
import {
  digests,
  nearGrammar,
  registries,
  repositoryNames,
  tags,
} from "../../support/wire_arbitraries.ts";
import vectors from "../../vectors/references.json" with { type: "json" };

describe("parseReference()", () => {
  it.each(vectors.accepted)("reads %s", (text, registry, repository, tag, digest, familiar) => {
    const reference = parseReference(text as string);
    expect(reference).toEqual({
      registry,
      repository,
      ...(tag === null ? {} : { tag }),
      ...(digest === null ? {} : { digest }),
    });
    expect(formatFamiliar(reference)).toBe(familiar);
    expect(parseReference(formatReference(reference))).toEqual(reference);
  });

  it.each(vectors.refused)("refuses %j as %s", (text, code) => {
    expect(() => parseReference(text as string)).toThrow(expect.objectContaining({ code }));
    expect(tryParseReference(text as string)).toBeUndefined();
  });

  it("names the input and the rule", () => {
    expect(() => parseReference("ghcr.io/Acme/App:v1")).toThrow(
      'Repository name "Acme/App" must be lower case: "acme/app"',
    );
    expect(() => parseReference("host:99999/app")).toThrow(
      'Image reference "host:99999/app" must have a port from 1 to 65535',
    );
  });

  it("keeps a repository name at 255 characters and refuses 256", () => {
    expect(parseReference(`ghcr.io/${"a".repeat(255)}`).repository).toHaveLength(255);
    expect(() => parseReference(`ghcr.io/${"a".repeat(256)}`)).toThrow("at most 255");
    expect(() => parseReference(`${"a".repeat(250)}.example/a`)).toThrow("in its host");
    expect(() => parseReference("a/".repeat(600))).toThrow("at most 1024");
  });

  it("is undone by formatReference() and formatFamiliar(), whatever the spelling", () => {
    const spellings = fc.tuple(
      fc.option(registries),
      repositoryNames,
      fc.option(tags),
      fc.option(digests),
    ).map(([registry, name, tag, digest]) =>
      `${registry === null ? "" : `${registry}/`}${name}${tag === null ? "" : `:${tag}`}${
        digest === null ? "" : `@${digest}`
      }`
    );
    fc.assert(
      fc.property(spellings, (text) => {
        const reference = attempt(() => parseReference(text));
        fc.pre(reference !== undefined);
        expect(parseReference(formatReference(reference as Reference))).toEqual(reference);
        expect(parseReference(formatFamiliar(reference as Reference))).toEqual(reference);
      }),
      { numRuns: 3000 },
    );
  });

  it("never throws anything untyped, and what it accepts formats to a fixed point", () => {
    const mixed = fc.tuple(nearGrammar, repositoryNames, nearGrammar).map((parts) =>
      parts.join("")
    );
    fc.assert(
      fc.property(fc.oneof(nearGrammar, mixed), (text) => {
        const reference = attempt(() => parseReference(text));
        expect(reference).toEqual(tryParseReference(text));
        if (reference === undefined) return;
        expect(formatReference(parseReference(formatReference(reference)))).toBe(
          formatReference(reference),
        );
      }),
      { numRuns: 5000 },
    );
  });

  it.each(["a", "a/", ":", "@", "[", "a.", "localhost:", "a:b@", "A"])(
    "reads 1 MiB of %j fast",
    (pattern) => {
      expectFast(() => parseReference(mebibyteOf(pattern)));
    },
  );
});

describe("tryParseReference()", () => {
  it("lets misuse through: it is no bad input", () => {
    expect(() => tryParseReference(undefined as unknown as string)).toThrow(TypeError);
  });
});
