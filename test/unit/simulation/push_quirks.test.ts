import { describe, expect, it } from "vitest";
import { buildImage, digestOf } from "../../../src/simulation/mod.ts";
import type { RegistryQuirks } from "../../../src/simulation/mod.ts";
import { pieces, pushBench, someBytes, withDigest } from "./push_support.ts";

const BYTES = someBytes(3000);
const DIGEST = await digestOf(BYTES);

const chunk = (start: number, end: number): RequestInit => ({
  body: BYTES.slice(start, end),
  headers: { "content-range": `${start}-${end - 1}` },
});

/** Status and `Range` of three PATCHes of 1000 bytes, then of GET. */
async function patches(quirks: RegistryQuirks): Promise<[number, string | null][]> {
  const { send, open } = pushBench({}, quirks);
  const location = await open("a");
  const seen: [number, string | null][] = [];
  for (const start of [0, 1000, 2000]) {
    const { status, headers } = await send("PATCH", location, chunk(start, start + 1000));
    seen.push([status, headers.get("range")]);
  }
  const { status, headers } = await send("GET", location);
  return [...seen, [status, headers.get("range")]];
}

describe("push quirks: chunks", () => {
  it.each<[RegistryQuirks, [number, string | null][]]>([
    [{ patchStatus: 201 }, [[201, "0-999"], [201, "0-1999"], [201, "0-2999"], [204, "0-2999"]]],
    [{ stuckRange: true }, [[202, "0-999"], [202, "0-999"], [202, "0-999"], [204, "0-999"]]],
    [{ chunkRange: true }, [[202, "0-999"], [202, "1000-1999"], [202, "2000-2999"], [
      204,
      "2000-2999",
    ]]],
    [{ secondPatch: 405 }, [[202, "0-999"], [405, null], [405, null], [204, "0-999"]]],
    [{ acceptedBytes: 600 }, [[202, "0-599"], [416, null], [416, null], [204, "0-599"]]],
    [{ largestChunk: 999 }, [[416, null], [416, null], [416, null], [204, "0-0"]]],
    [{ largestBody: 999 }, [[413, null], [416, null], [416, null], [204, "0-0"]]],
    [{ uploadStatus: 405 }, [[202, "0-999"], [202, "0-1999"], [202, "0-2999"], [405, null]]],
  ])("%j", async (quirks, expected) => {
    expect(await patches(quirks)).toEqual(expected);
  });

  it("a stream that turns out too long is taken back", async () => {
    const { send, open } = pushBench({}, { largestChunk: 2000 });
    const location = await open("a");
    await send("PATCH", location, { body: BYTES.slice(0, 10) });
    expect((await send("PATCH", location, pieces([BYTES.slice(10)]))).status).toBe(416);
    expect((await send("GET", location)).headers.get("range")).toBe("0-9");
  });

  it("largestChunk and acceptedBytes are for PATCH: PUT takes all", async () => {
    const { send, open } = pushBench({}, { largestChunk: 10, acceptedBytes: 10 });
    const end = await send("PUT", withDigest(await open("a"), DIGEST), { body: BYTES });
    expect(end.status).toBe(201);
  });

  it("largestBody is for POST and PUT too", async () => {
    const { send, open } = pushBench({}, { largestBody: 2999 });
    const end = await send("PUT", withDigest(await open("a"), DIGEST), { body: BYTES });
    const post = await send("POST", `/v2/a/blobs/uploads/?digest=${DIGEST}`, { body: BYTES });
    expect([end.status, post.status]).toEqual([413, 413]);
  });

  it("ignorePostDigest opens an upload", async () => {
    const { send } = pushBench({}, { ignorePostDigest: true });
    const post = await send("POST", `/v2/a/blobs/uploads/?digest=${DIGEST}`, { body: BYTES });
    expect(post.status).toBe(202);
    const put = withDigest(post.headers.get("location") ?? "", DIGEST);
    expect((await send("PUT", put, { body: BYTES })).status).toBe(201);
  });
});

describe("push quirks: deletes, tags, digests", () => {
  it("refuses what it is told to refuse", async () => {
    const quirks = { manifestDelete: 405, tagDelete: 400, blobDelete: 405, uploadDelete: 404 };
    const { send, open, pushImage, registry } = pushBench({}, quirks);
    const image = await buildImage();
    await pushImage("a", image, "x");
    const [blob] = image.blobs;
    const answers = [
      await send("DELETE", `/v2/a/manifests/${image.digest}`),
      await send("DELETE", "/v2/a/manifests/x"),
      await send("DELETE", `/v2/a/blobs/${blob?.digest}`),
      await send("DELETE", await open("a")),
    ];
    expect(answers.map(({ status }) => status)).toEqual([405, 400, 405, 404]);
    expect([registry.uploads.size, registry.repository("a").tags.size]).toEqual([1, 1]);
  });

  it("ignoreTagParameter: no tag, no OCI-Tag", async () => {
    const { pushImage, registry } = pushBench({}, { ignoreTagParameter: true });
    const image = await buildImage();
    const { headers } = await pushImage("a", image, `${image.digest}?tag=x`);
    expect([headers.get("oci-tag"), registry.repository("a").tags.size]).toEqual([null, 0]);
  });

  it.each<[RegistryQuirks, string | null]>([
    [{ noDigestHeader: true }, null],
    [{ digestHeader: `sha256:${"0".repeat(64)}` }, `sha256:${"0".repeat(64)}`],
  ])("%j is for what is put too", async (quirks, expected) => {
    const { pushImage, send, open } = pushBench({}, quirks);
    const blob = await send("PUT", withDigest(await open("a"), DIGEST), { body: BYTES });
    const manifest = await pushImage("a", await buildImage(), "x");
    expect([blob, manifest].map(({ headers }) => headers.get("docker-content-digest")))
      .toEqual([expected, expected]);
  });
});
