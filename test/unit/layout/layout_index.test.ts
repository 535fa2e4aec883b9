import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isTidegateError } from "../../../src/core/mod.ts";
import {
  cacheAnnotations,
  type CacheRecord,
  readCacheRecord,
} from "../../../src/layout/cache_record.ts";
import {
  EMPTY_INDEX,
  formatLayoutIndex,
  parseLayoutIndex,
  withEntry,
  withoutEntries,
} from "../../../src/layout/layout_index.ts";
import { type Descriptor, MEDIA_TYPES } from "../../../src/manifest/mod.ts";
import { attempt, expectFast, mebibyteOf } from "../../support/parser_checks.ts";
import { digests, nearGrammar } from "../../support/wire_arbitraries.ts";

const isTyped = (error: unknown): boolean => error instanceof SyntaxError || isTidegateError(error);

const descriptors: fc.Arbitrary<Descriptor> = fc.record({
  mediaType: fc.constantFrom(MEDIA_TYPES.imageManifest, MEDIA_TYPES.imageIndex),
  digest: digests,
  size: fc.maxSafeNat(),
});
const names = fc.string({ minLength: 1, maxLength: 80, unit: "grapheme" });
const records: fc.Arbitrary<CacheRecord> = fc.record({
  sourceImage: names,
  manifest: names,
  config: fc.option(digests, { nil: undefined }),
  layers: fc.array(digests, { maxLength: 5 }),
  cachedAt: fc.nat(),
});

describe("parseLayoutIndex()", () => {
  it("undoes formatLayoutIndex()", () => {
    const entries = fc.array(fc.tuple(descriptors, names, records), { maxLength: 6 });
    fc.assert(fc.property(entries, (all) => {
      const index = all.reduce((found, [descriptor, name, record]) => {
        const annotations = cacheAnnotations(record);
        return withEntry(found, { ...descriptor, annotations }, name);
      }, EMPTY_INDEX);
      const again = parseLayoutIndex(formatLayoutIndex(index));
      expect(again.lines).toEqual(index.lines);
      for (const [descriptor, name, record] of all) {
        const last = all.findLast(([, other]) => other === name);
        if (last?.[0] !== descriptor) continue;
        const line = again.lines.find(({ entry }) => entry.name === name);
        expect(line?.entry).toEqual({ name, descriptor, cache: record });
      }
    }));
  });

  it("reads the keys of prototypes as keys", () => {
    const annotations = '{"__proto__":"x","constructor":"y"}';
    const digest = `sha256:${"a".repeat(64)}`;
    const entry = `{"mediaType":"a/b","digest":"${digest}","size":1,"annotations":${annotations}}`;
    const { lines } = parseLayoutIndex(`{"schemaVersion":2,"manifests":[${entry}]}`);
    expect(Object.keys(lines[0]?.entry.descriptor.annotations ?? {})).toEqual([
      "__proto__",
      "constructor",
    ]);
    expect(lines[0]?.entry.name).toBeUndefined();
    expect(({} as { x?: string }).x).toBeUndefined();
  });

  it.each([
    "null",
    '{"schemaVersion":2,"schemaVersion":2,"manifests":[]}',
    '{"schemaVersion":"2","manifests":[]}',
    '{"schemaVersion":2,"mediaType":"text/plain","manifests":[]}',
    '{"schemaVersion":2,"manifests":{}}',
    '{"schemaVersion":2,"manifests":[null]}',
    `{"schemaVersion":2,"manifests":[{"mediaType":"a/b","digest":"sha256:../..","size":1}]}`,
    `{"schemaVersion":2,"manifests":[{"mediaType":"a/b","digest":"sha256:${
      "a".repeat(64)
    }","size":1e3}]}`,
  ])("refuses %s", (text) => {
    expect(() => parseLayoutIndex(text)).toThrow(SyntaxError);
  });

  it("takes null for no manifests, as Go writes it", () => {
    expect(parseLayoutIndex('{"schemaVersion":2,"manifests":null}').lines).toEqual([]);
  });

  it("throws nothing untyped", () => {
    fc.assert(fc.property(fc.oneof(nearGrammar, fc.json()), (text) => {
      attempt(() => parseLayoutIndex(text), isTyped);
      attempt(() => parseLayoutIndex(`{"schemaVersion":2,"manifests":[${text}]}`), isTyped);
    }));
  });

  it.each(["[", '{"a":', "[0,", '"', '{"schemaVersion":2,"manifests":[{}', "1"])(
    "reads a mebibyte of %j in no time",
    (pattern) => {
      const text = mebibyteOf(pattern);
      expectFast(() => parseLayoutIndex(text));
    },
  );

  it("holds many images", () => {
    const digest = (i: number): string => `sha256:${String(i).padStart(64, "0")}`;
    const manifests = Array.from({ length: 20_000 }, (_, i) => ({
      ...{ mediaType: MEDIA_TYPES.imageManifest, digest: digest(i), size: 1 },
      annotations: { "org.opencontainers.image.ref.name": `a:${i}` },
    }));
    expect(parseLayoutIndex(JSON.stringify({ schemaVersion: 2, manifests })).lines).toHaveLength(
      20_000,
    );
  });
});

describe("withEntry()", () => {
  it("replaces by name, and without a name by digest", () => {
    fc.assert(fc.property(descriptors, descriptors, names, (one, two, name) => {
      const named = withEntry(withEntry(EMPTY_INDEX, one, name), two, name);
      expect(named.lines.map(({ entry }) => entry.descriptor)).toEqual([two]);
      const unnamed = withEntry(withEntry(named, one), one);
      expect(unnamed.lines).toHaveLength(2);
      expect(withoutEntries(unnamed, ({ name }) => name === undefined)).toEqual(named);
    }));
  });
});

describe("readCacheRecord()", () => {
  it("undoes cacheAnnotations()", () => {
    fc.assert(fc.property(records, (record) => {
      expect(readCacheRecord(cacheAnnotations(record))).toEqual(record);
    }));
  });

  it("takes what makes no sense for no record", () => {
    const good = cacheAnnotations({
      ...{ sourceImage: "a", manifest: "b", config: undefined, layers: [], cachedAt: 1 },
    });
    expect(readCacheRecord(good)).toBeDefined();
    expect(readCacheRecord()).toBeUndefined();
    for (const key of Object.keys(good)) {
      const { [key]: _, ...rest } = good;
      expect(readCacheRecord(rest)).toBeUndefined();
    }
    const wrong = {
      layers: ["{}", "[1]", "["],
      cached_at: ["-1", "x", "1e9"],
      config: ["sha256:"],
    };
    for (const [key, values] of Object.entries(wrong)) {
      for (const value of values) {
        expect(readCacheRecord({ ...good, [`tidegate.${key}`]: value })).toBeUndefined();
      }
    }
  });
});
