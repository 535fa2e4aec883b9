import { describe, expect, it } from "vitest";
import { encodeUtf8, type Json, parseJson } from "../../../src/core/mod.ts";
import { hubAnswer } from "../../../src/hub/fields.ts";
import { readRepository } from "../../../src/hub/repository.ts";
import { readTag } from "../../../src/hub/tag.ts";
import { parseDigest } from "../../../src/reference/mod.ts";
import { filledJson } from "../../support/json_fill.ts";
import { expectFast } from "../../support/parser_checks.ts";

const { readList, readObject } = hubAnswer;
const HEX = "a".repeat(64);
const DIGEST = parseDigest(`sha256:${HEX}`);

/** A page as it is read, entry by entry. */
function readPage<T>(bytes: Uint8Array, read: (entry: Json, part: string) => T): readonly T[] {
  return readList(readObject(parseJson(bytes), "page")["results"], "results", read);
}

/** Tag number `i` with images for 20 platforms, with all fields that the API sends. */
function tagEntry(i: number): object {
  const image = (k: number): object => ({
    ...{ architecture: `arch${k}`, features: "", variant: k % 3 === 0 ? "v8" : null },
    ...{ digest: DIGEST, os: "linux", os_features: "", os_version: null, size: 31_000_000 + k },
    ...{ status: "active", last_pulled: "2026-10-01T00:00:00.123456Z" },
    last_pushed: "2026-09-01T00:00:00Z",
  });
  return {
    ...{
      creator: 1_156_886,
      id: 900_000 + i,
      images: Array.from({ length: 20 }, (_, k) => image(k)),
    },
    ...{ last_updated: "2026-09-01T00:00:00Z", last_updater: 1, last_updater_username: "ann" },
    ...{ name: `v1.${i}`, repository: 21_171, full_size: 31_000_000, v2: true },
    ...{ tag_status: "active", tag_last_pulled: null, tag_last_pushed: "2026-09-01T00:00:00Z" },
    ...{
      media_type: "application/vnd.oci.image.index.v1+json",
      content_type: "image",
      digest: DIGEST,
    },
  };
}

describe("a page of Docker Hub's API", () => {
  it("may have 100 tags with images for 20 platforms each, read in no time", () => {
    const results = Array.from({ length: 100 }, (_, i) => tagEntry(i));
    const bytes = encodeUtf8(JSON.stringify({ count: 4000, next: null, previous: null, results }));
    const tags = readPage(bytes, readTag);
    expect(tags).toHaveLength(100);
    expect(tags[99]).toMatchObject({ name: "v1.99", digest: DIGEST });
    expect(tags.every(({ images }) => images.length === 20)).toBe(true);
    expectFast(() => readPage(bytes, readTag));
  });

  const page = (unit: string, nodes: number): string =>
    filledJson('{"results":[', () => unit, "]}", nodes);
  const tags: Readonly<Record<string, string>> = {
    "tags without anything": page('{"name":"a"}', 1),
    "tags without images": page('{"name":"a","images":[]}', 2),
    "images without anything": filledJson(
      '{"results":[{"name":"a","images":[',
      () => "{}",
      "]}]}",
      1,
    ),
    "images of few fields": filledJson(
      '{"results":[{"name":"a","images":[',
      () => '{"os":"a","size":1}',
      "]}]}",
      2,
    ),
    "images of digests": filledJson(
      '{"results":[{"name":"a","images":[',
      () => `{"digest":"${DIGEST}"}`,
      "]}]}",
      1,
    ),
    "tags with times": page('{"name":"a","last_updated":"2026-09-01T00:00:00Z"}', 2),
    "no tag at the end": filledJson('{"results":[', () => '{"name":"a"}', ",1]}", 1),
  };
  it.each(Object.keys(tags))("is read fast, 1 MiB of %s", (name) => {
    const bytes = encodeUtf8(tags[name] ?? "");
    expectFast(() => readPage(bytes, readTag));
  });

  it.each([['{"name":"a","namespace":"b"}', 2], [
    '{"name":"a","namespace":"b","media_types":[]}',
    3,
  ]])(
    "is read fast, 1 MiB of the repository %s",
    (unit, nodes) => {
      const bytes = encodeUtf8(page(unit, nodes));
      expectFast(() => readPage(bytes, readRepository));
    },
  );
});
