import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addEntry,
  parseReferrersIndex,
  referrerEntry,
  removeEntry,
  writeReferrersIndex,
} from "../../../src/client/referrers_index.ts";
import { encodeUtf8, isTidegateError, type Json } from "../../../src/core/mod.ts";
import {
  buildImageIndex,
  buildImageManifest,
  type Descriptor,
  EMPTY_DESCRIPTOR,
  type Manifest,
  MEDIA_TYPES,
} from "../../../src/manifest/mod.ts";
import { type Digest, parseDigest } from "../../../src/reference/mod.ts";
import { DIGEST_A, DIGEST_B } from "../../support/manifests.ts";
import { digests } from "../../support/wire_arbitraries.ts";

const MAXIMUM = 4 * 1024 * 1024;
const subject: Descriptor = {
  mediaType: MEDIA_TYPES.imageManifest,
  digest: parseDigest(DIGEST_B),
  size: 3,
};

function entryOf(manifest: Manifest): unknown {
  const { mediaType, raw: bytes } = manifest;
  return referrerEntry({ digest: parseDigest(DIGEST_A), mediaType, bytes, manifest });
}

describe("referrerEntry()", () => {
  it("has the manifest's artifact type, else its config's, and its annotations", () => {
    const annotations = { a: "b" };
    const artifact = buildImageManifest({ artifactType: "a/b", layers: [], subject, annotations });
    expect(entryOf(artifact)).toEqual({
      mediaType: MEDIA_TYPES.imageManifest,
      digest: DIGEST_A,
      size: artifact.raw.length,
      artifactType: "a/b",
      annotations,
    });
    const config = { ...EMPTY_DESCRIPTOR, mediaType: "application/vnd.cosign.config" };
    expect(entryOf(buildImageManifest({ config, layers: [], subject })))
      .toMatchObject({ artifactType: "application/vnd.cosign.config" });
    expect(entryOf(buildImageIndex({ manifests: [], subject }))).not.toHaveProperty("artifactType");
  });
});

describe("parseReferrersIndex()", () => {
  it("is an empty index where there is none", () => {
    const bytes = writeReferrersIndex(parseReferrersIndex(undefined), MAXIMUM);
    expect(JSON.parse(new TextDecoder().decode(bytes))).toEqual({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.imageIndex,
      manifests: [],
    });
    expect(parseReferrersIndex(bytes).manifests).toEqual([]);
    const go = encodeUtf8('{"schemaVersion":2,"manifests":null}');
    expect(parseReferrersIndex(go).manifests).toEqual([]);
  });

  it.each([
    "",
    "[]",
    "null",
    "{}",
    '{"schemaVersion":2}',
    '{"schemaVersion":1,"manifests":[]}',
    '{"schemaVersion":2,"manifests":{}}',
    '{"schemaVersion":2,"manifests":[],"manifests":[]}',
    `{"schemaVersion":2,"mediaType":"${MEDIA_TYPES.dockerManifestList}","manifests":[]}`,
  ])("refuses %s", (text) => {
    try {
      parseReferrersIndex(encodeUtf8(text));
      expect.unreachable();
    } catch (error) {
      expect(isTidegateError(error, "INVALID_MANIFEST")).toBe(true);
    }
  });

  it("throws nothing untyped, whatever the tag holds", () => {
    fc.assert(fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
      try {
        parseReferrersIndex(encodeUtf8(text));
      } catch (error) {
        expect(isTidegateError(error)).toBe(true);
      }
    }));
  });
});

/** Entries and other fields as any client may have written them. */
const strangers = fc.array(fc.oneof(
  fc.jsonValue(),
  fc.record({
    digest: fc.oneof(digests, fc.string()),
    size: fc.nat(),
    annotations: fc.jsonValue(),
  }),
));

describe("a list of referrers", () => {
  it("keeps what is in it, has each digest once, and forgets what is removed", () => {
    fc.assert(fc.property(strangers, fc.jsonValue(), fc.array(digests), (before, extra, added) => {
      const document = { schemaVersion: 2, manifests: before, extra };
      let index = parse(document);
      const kept = index.manifests;
      for (const digest of [...added, ...added]) {
        index = addEntry(index, { digest, size: 1 }) ?? index;
      }
      const written = parse(JSON.parse(text(index)) as Json);
      expect(written).toEqual(index);
      expect(written.fields["extra"]).toEqual(parse(document).fields["extra"]);
      expect(written.manifests.slice(0, kept.length)).toEqual(kept);
      const found = written.manifests.map((one) => (one as { digest?: Digest } | null)?.digest);
      for (const digest of new Set(added)) {
        expect(found.includes(digest)).toBe(true);
        expect(addEntry(written, { digest })).toBeUndefined();
        const without = removeEntry(written, digest);
        expect(removeEntry(without ?? written, digest)).toBeUndefined();
      }
    }));
  });

  it("gives the same set in whatever order entries are added", () => {
    fc.assert(fc.property(fc.uniqueArray(digests, { maxLength: 8 }), (list) => {
      const all = (order: readonly Digest[]): readonly Json[] =>
        order.reduce((index, digest) => addEntry(index, { digest }) ?? index, parse(EMPTY))
          .manifests;
      expect(new Set(all(list.toReversed()))).toEqual(new Set(all(list)));
    }));
  });

  it("is not written past its limit", () => {
    const index = addEntry(parse(EMPTY), { digest: DIGEST_A, filler: "x".repeat(100) });
    expect(() => writeReferrersIndex(index ?? parse(EMPTY), 100)).toThrow("longer than 100 bytes");
  });
});

const EMPTY: Json = { schemaVersion: 2, manifests: [] };

function parse(document: unknown): ReturnType<typeof parseReferrersIndex> {
  return parseReferrersIndex(encodeUtf8(JSON.stringify(document)));
}

function text(index: ReturnType<typeof parseReferrersIndex>): string {
  return new TextDecoder().decode(writeReferrersIndex(index, MAXIMUM));
}
