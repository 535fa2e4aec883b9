import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeUtf8 } from "../../../src/core/mod.ts";
import {
  filterReferrers,
  readPullBlobHead,
  readPullManifestHead,
  readReferrersPage,
  readTagsPage,
} from "../../../src/distribution/mod.ts";
import { MEDIA_TYPES } from "../../../src/manifest/mod.ts";
import { descriptorJson, DIGEST_A, imageJson, indexJson } from "../../support/manifests.ts";
import { attempt, expectFast, mebibyteOf } from "../../support/parser_checks.ts";
import { nearGrammar, tags } from "../../support/wire_arbitraries.ts";

const INVALID = expect.objectContaining({ code: "INVALID_RESPONSE" });
const page = "https://r.example/v2/a/tags/list";

describe("readPullManifestHead()", () => {
  const read = (headers: Record<string, string>, status = 200): object =>
    readPullManifestHead(status, new Headers(headers));

  it("reads media type, digest and size", () => {
    expect(read({
      "content-type": `${MEDIA_TYPES.imageIndex}; charset=utf-8`,
      "docker-content-digest": DIGEST_A,
      "content-length": "123",
    })).toEqual({ mediaType: MEDIA_TYPES.imageIndex, digest: DIGEST_A, size: 123 });
    expect(read({})).toEqual({ mediaType: "application/octet-stream" });
  });

  it("takes no length of an encoding for a size, and no unknown digest algorithm", () => {
    const digest = { "docker-content-digest": `blake3:${"0".repeat(64)}` };
    expect(read({ "content-length": "1", "content-encoding": "gzip", ...digest })).toEqual({
      mediaType: "application/octet-stream",
    });
    expect(read({ "content-length": "1", "content-encoding": "identity" })).toHaveProperty("size");
  });

  it.each([
    [{ "content-type": "a/b, c/d" }],
    [{ "content-type": "x" }],
    [{ "docker-content-digest": "sha256:0" }],
    [{ "docker-content-digest": DIGEST_A.toUpperCase() }],
    [{ "docker-content-digest": `${DIGEST_A}, ${DIGEST_A}` }],
    [{ "content-length": "1, 1" }],
    [{ "content-length": "-1" }],
    [{ "content-length": "1e3" }],
    [{ "content-length": "9007199254740992" }],
    [{ "content-length": "" }],
  ])("refuses %j", (headers) => {
    expect(() => read(headers)).toThrow(INVALID);
  });

  it("refuses other statuses", () => {
    for (const status of [204, 206, 404]) expect(() => read({}, status)).toThrow(INVALID);
  });
});

describe("readPullBlobHead()", () => {
  const read = (status: number, headers: Record<string, string>, asked?: object): object =>
    readPullBlobHead(status, new Headers(headers), asked as { start: number });
  const part = (range: string, length?: string): Record<string, string> => ({
    "content-range": range,
    ...(length === undefined ? {} : { "content-length": length }),
  });

  it("reads a whole blob", () => {
    expect(read(200, { "content-length": "10", "docker-content-digest": DIGEST_A })).toEqual({
      start: 0,
      end: 9,
      size: 10,
      isPartial: false,
      digest: DIGEST_A,
    });
    expect(read(200, { "content-length": "0" })).toEqual({ start: 0, size: 0, isPartial: false });
    expect(read(200, {})).toEqual({ start: 0, isPartial: false });
  });

  it("lets the caller skip where a range was ignored", () => {
    expect(read(200, { "content-length": "10" }, { start: 5 })).toMatchObject({
      start: 0,
      isPartial: false,
    });
  });

  it("reads the part that was asked for, also when it ends early", () => {
    expect(read(206, part("bytes 5-9/10", "5"), { start: 5 })).toEqual({
      start: 5,
      end: 9,
      size: 10,
      isPartial: true,
    });
    expect(read(206, part("bytes 5-7/*"), { start: 5, end: 9 })).toEqual({
      start: 5,
      end: 7,
      isPartial: true,
    });
  });

  it.each([
    ["bytes 0-9/10", { start: 5 }],
    ["bytes 4-9/10", { start: 5 }],
    ["bytes 6-9/10", { start: 5 }],
    ["bytes 5-9/10", { start: 5, end: 8 }],
  ])("refuses a part other than the one asked for: %s for %j", (range, asked) => {
    expect(() => read(206, part(range), asked)).toThrow(
      expect.objectContaining({
        code: "RESUME_FAILED",
        details: expect.objectContaining({ offset: 5 }),
      }),
    );
  });

  it.each([
    [part("bytes 5-9/10", "4"), "does not agree with Content-Length 4"],
    [part("bytes */10"), "must name the bytes that follow"],
    [part("bytes 5-9/10, bytes 5-9/10"), "one range of bytes"],
    [part("bytes 9-5/10"), "in order"],
    [{}, "must come with status 206"],
    [{ "content-type": "multipart/byteranges; boundary=x" }, "must come with status 206"],
    [{ ...part("bytes 5-9/10"), "content-encoding": "gzip" }, "must not be used for blobs"],
    [{ ...part("bytes 5-9/10"), "content-length": "5, 5" }, "one whole number"],
  ])("refuses the head of a part %j", (headers, message) => {
    expect(() => read(206, headers, { start: 5 })).toThrow(message);
    expect(() => read(206, headers, { start: 5 })).toThrow(INVALID);
  });

  it("refuses a part that nobody asked for, encodings and other statuses", () => {
    expect(() => read(206, part("bytes 0-9/10"))).toThrow("must be 200");
    expect(() => read(200, { "content-encoding": "gzip, gzip" })).toThrow(INVALID);
    for (const status of [204, 304, 404]) {
      expect(() => read(status, {}, { start: 1 })).toThrow("must be 200 or 206");
    }
  });

  it("tells the size that a 416 tells", () => {
    const refused = (headers: Record<string, string>, asked?: object): unknown => {
      try {
        return read(416, headers, asked);
      } catch (error) {
        return error;
      }
    };
    const { code } = { code: "RANGE_NOT_SATISFIABLE" };
    expect(refused(part("bytes */10"), { start: 50 })).toMatchObject({
      code,
      details: { range: "bytes=50-", size: 10 },
    });
    expect(refused({})).toMatchObject({ code, details: { range: "none" } });
    expect(refused(part("bytes x"), { start: 50 })).toMatchObject({ code: "INVALID_RESPONSE" });
  });

  it("never throws anything untyped", () => {
    const value = fc.option(fc.string({ unit: fc.constantFrom(..."bytes 0129-*/,;gzip:") }));
    const status = fc.constantFrom(200, 206, 206, 206, 416, 404);
    fc.assert(
      fc.property(
        status,
        value,
        value,
        value,
        fc.nat(9),
        (status, range, length, encoding, start) => {
          const headers = new Headers();
          if (range !== null) headers.set("content-range", `bytes ${range}`);
          if (length !== null) headers.set("content-length", length);
          if (encoding !== null) headers.set("content-encoding", encoding);
          const head = attempt(() => readPullBlobHead(status, headers, { start }));
          if (head?.isPartial) expect(head.start).toBe(start);
        },
      ),
      { numRuns: 3000 },
    );
  });
});

describe("readTagsPage()", () => {
  const read = (body: string, link?: string): object =>
    readTagsPage(encodeUtf8(body), new Headers(link === undefined ? {} : { link }), page);

  it("reads tags and the next page", () => {
    expect(read('{"name":"a","tags":["v1","v2"]}')).toEqual({ tags: ["v1", "v2"] });
    expect(read('{"tags":["v1"]}', "</v2/a/tags/list?last=v1>; rel=next")).toEqual({
      tags: ["v1"],
      next: "https://r.example/v2/a/tags/list?last=v1",
    });
    for (const body of ['{"tags":[]}', '{"tags":null}', "{}"]) {
      expect(read(body)).toEqual({ tags: [] });
    }
  });

  it.each([
    "",
    "[]",
    "null",
    "x",
    '{"tags":"v1"}',
    '{"tags":{}}',
    '{"tags":["v1",1]}',
    '{"tags":["a/b"]}',
    '{"tags":[""]}',
    '{"tags":["v1\\n"]}',
    '{"tags":[{"toString":1}]}',
    '{"tags":[],"tags":[]}',
  ])("refuses %j", (body) => {
    expect(() => read(body)).toThrow(INVALID);
  });

  it("reads any list of tags back, and never throws anything untyped", () => {
    fc.assert(
      fc.property(fc.array(tags), (tags) => {
        expect(read(JSON.stringify({ tags }))).toEqual({ tags });
      }),
      { numRuns: 1000 },
    );
    fc.assert(
      fc.property(fc.oneof(fc.json(), nearGrammar), nearGrammar, (body, last) => {
        attempt(() => read(body));
        attempt(() => read('{"tags":[]}', `<${last.replace(/[^\t -~]/g, "")}>; rel=next`));
      }),
      { numRuns: 2000 },
    );
  });

  it.each(['"a",', '"",', "[", '{"tags":[', "1,", `"${"a".repeat(128)}",`])(
    "reads 1 MiB of %j fast",
    (pattern) => {
      const list = mebibyteOf(pattern).slice(0, -400);
      const bytes = encodeUtf8(`{"tags":[${list.slice(0, list.lastIndexOf(",") + 1)}"z"]}`);
      expectFast(() => readTagsPage(bytes, new Headers(), page));
      expectFast(() => readTagsPage(encodeUtf8(list), new Headers(), page));
    },
  );
});

describe("readReferrersPage()", () => {
  const read = (
    document: unknown,
    headers: Record<string, string> = { "content-type": MEDIA_TYPES.imageIndex },
  ): ReturnType<typeof readReferrersPage> =>
    readReferrersPage(encodeUtf8(JSON.stringify(document)), new Headers(headers), page);

  it("reads descriptors, applied filters and the next page", () => {
    const manifests = [descriptorJson({ artifactType: "a/b" }), descriptorJson()];
    const read1 = read(indexJson([], { manifests }), {
      "content-type": MEDIA_TYPES.imageIndex,
      "oci-filters-applied": "artifactType, ,x",
      link: "<?p=2>; rel=next",
    });
    expect(read1.manifests).toEqual(manifests);
    expect(read1.filters).toEqual(new Set(["artifactType", "x"]));
    expect(read1.next).toBe(`${page}?p=2`);
    expect(filterReferrers(read1.manifests, "a/b")).toEqual([manifests[0]]);
    expect(read(indexJson([]), {})).toEqual({ manifests: [], filters: new Set() });
  });

  it("refuses an image, a web page and anything that is no index", () => {
    expect(() => read(imageJson(), { "content-type": MEDIA_TYPES.imageManifest })).toThrow(INVALID);
    expect(() => read(indexJson([]), { "content-type": "text/html" })).toThrow(INVALID);
    expect(() => read("<html>")).toThrow(INVALID);
  });

  it("never throws anything untyped", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (document) => {
        attempt(() => read(document));
      }),
      { numRuns: 1000 },
    );
  });
});
