import { describe, expect, it } from "vitest";
import { buildArtifact, buildImage, buildIndex } from "../../../src/simulation/image.ts";
import { referrersTag } from "../../../src/simulation/referrers.ts";
import { bench, codesOf } from "./support.ts";

const ABSENT = `sha256:${"0".repeat(64)}`;

describe("registry: end-1 and routing", () => {
  it("GET /v2/ is 200", async () => {
    const { get } = bench();
    const response = await get("/v2/");
    expect(response.status).toBe(200);
    expect(response.headers.get("docker-distribution-api-version")).toBe("registry/2.0");
  });

  it.each([
    ["/v2", 404],
    ["/v2/a/manifests/x/", 404],
    ["/v2/A/manifests/x", 400],
    ["/v2/a%2Fb/manifests/x", 400],
    ["/v2/a/manifests/.x", 400],
    ["/v2/a/blobs/sha256:abc", 400],
    [`/v2/a/blobs/sha256:${"A".repeat(64)}`, 400],
    ["/v2/_catalog", 404],
    ["/", 404],
  ])("GET %s is %i", async (path, status) => {
    expect((await bench().get(path)).status).toBe(status);
  });
});

describe("registry: methods", () => {
  it("what it does not do is UNSUPPORTED", async () => {
    const { get } = bench();
    const response = await get("/v2/a/manifests/x", { method: "DELETE" });
    expect([response.status, await codesOf(response)]).toEqual([405, ["UNSUPPORTED"]]);
  });
});

describe("registry: end-3, manifests", () => {
  it("tag and digest give the exact bytes; HEAD the same headers and no body", async () => {
    const { registry, get } = bench();
    const image = await buildImage({ format: "docker" });
    registry.add("a/b", { image, tags: ["v1"] });
    for (const reference of ["v1", image.digest]) {
      const response = await get(`/v2/a/b/manifests/${reference}`);
      expect(new Uint8Array(await response.arrayBuffer())).toEqual(image.bytes);
      expect(response.headers.get("content-type")).toBe(image.mediaType);
      const head = await get(`/v2/a/b/manifests/${reference}`, { method: "HEAD" });
      expect([...head.headers]).toEqual([...response.headers]);
      expect(head.headers.get("content-length")).toBe(String(image.bytes.length));
      expect(head.headers.get("docker-content-digest")).toBe(image.digest);
      expect(await head.text()).toBe("");
    }
  });

  it("children of an index are there by digest", async () => {
    const { registry, get } = bench();
    const child = await buildImage();
    registry.add("a", { image: await buildIndex({ manifests: [child] }) });
    expect((await get(`/v2/a/manifests/${child.digest}`)).status).toBe(200);
  });

  it("unknown repository and unknown manifest have their own codes", async () => {
    const { registry, get } = bench();
    registry.repository("a");
    expect(await codesOf(await get("/v2/b/manifests/x"))).toEqual(["NAME_UNKNOWN"]);
    expect(await codesOf(await get("/v2/a/manifests/x"))).toEqual(["MANIFEST_UNKNOWN"]);
  });

  it("If-None-Match with the ETag is 304", async () => {
    const { registry, get } = bench();
    const digest = registry.add("a", { image: await buildImage(), tags: ["x"] });
    const headers = { "if-none-match": `"${digest}"` };
    expect((await get("/v2/a/manifests/x", { headers })).status).toBe(304);
  });

  it("add() refuses names and tags outside the grammar", async () => {
    const { registry } = bench();
    const image = await buildImage();
    expect(() => registry.add("A", { image })).toThrow(TypeError);
    expect(() => registry.add("a", { image, tags: ["-x"] })).toThrow(TypeError);
  });
});

describe("registry: end-2, blobs", () => {
  const size = 10_000;

  it.each([
    ["bytes=500-1499", 206, "bytes 500-1499/10000", 1000],
    ["bytes=500-", 206, "bytes 500-9999/10000", 9500],
    ["bytes=-500", 206, "bytes 9500-9999/10000", 500],
    ["bytes=-20000", 206, "bytes 0-9999/10000", 10_000],
    ["bytes=9999-9999", 206, "bytes 9999-9999/10000", 1],
    ["bytes=9000-99999", 206, "bytes 9000-9999/10000", 1000],
    ["bytes=10000-", 416, "bytes */10000", undefined],
    ["bytes=500-0", 416, "bytes */10000", undefined],
    ["bytes=-0", 416, "bytes */10000", undefined],
    ["bytes=-", 200, null, size],
    ["bytes=0-1,5-6", 200, null, size],
    ["lines=0-1", 200, null, size],
  ])("Range: %s is %i", async (range, status, contentRange, length) => {
    const { registry, get } = bench();
    const { layers: [layer], ...image } = await buildImage({ layers: [size] });
    registry.add("a", { image: { ...image, layers: [] } });
    const response = await get(`/v2/a/blobs/${layer?.digest}`, { headers: { range } });
    expect(response.status).toBe(status);
    expect(response.headers.get("content-range")).toBe(contentRange);
    if (length === undefined) return;
    expect(response.headers.get("content-length")).toBe(String(length));
    const bytes = new Uint8Array(await response.arrayBuffer());
    const start = Number(/\d+/.exec(contentRange ?? "")?.[0] ?? 0);
    expect(bytes).toEqual(layer?.content.read(start, start + length));
  });

  it("HEAD ignores Range and tells the size; an unknown blob is BLOB_UNKNOWN", async () => {
    const { registry, get } = bench();
    const image = await buildImage({ layers: [size] });
    registry.add("a", { image });
    const path = `/v2/a/blobs/${image.layers[0]?.digest}`;
    const head = await get(path, { method: "HEAD", headers: { range: "bytes=0-1" } });
    expect([head.status, head.headers.get("content-length")]).toEqual([200, "10000"]);
    expect(await codesOf(await get(`/v2/a/blobs/${ABSENT}`))).toEqual(["BLOB_UNKNOWN"]);
  });

  it("If-Range that no longer holds gets the whole blob", async () => {
    const { registry, get } = bench();
    const image = await buildImage({ layers: [size] });
    registry.add("a", { image });
    const headers = { range: "bytes=0-1", "if-range": '"other"' };
    const response = await get(`/v2/a/blobs/${image.layers[0]?.digest}`, { headers });
    expect(response.status).toBe(200);
  });

  it("a blob of another repository is not here", async () => {
    const { registry, get } = bench();
    const image = await buildImage();
    registry.add("a", { image });
    registry.repository("b");
    expect((await get(`/v2/b/blobs/${image.layers[0]?.digest}`)).status).toBe(404);
  });
});

describe("registry: end-8, tags", () => {
  it("pages in ASCII order by n, last and Link", async () => {
    const { registry, get } = bench({ pageSize: 3 });
    const image = await buildImage();
    registry.add("a/b", { image, tags: ["b", "B", "a", "1", "c"] });
    const first = await get("/v2/a/b/tags/list");
    expect(await first.json()).toEqual({ name: "a/b", tags: ["1", "B", "a"] });
    expect(first.headers.get("link")).toBe('</v2/a/b/tags/list?n=3&last=a>; rel="next"');
    const second = await get("/v2/a/b/tags/list?n=3&last=a");
    expect(await second.json()).toEqual({ name: "a/b", tags: ["b", "c"] });
    expect(second.headers.get("link")).toBeNull();
  });

  it("n=0 is an empty list without Link; a bad n is 400; an unknown repository 404", async () => {
    const { registry, get } = bench();
    registry.add("a", { image: await buildImage(), tags: ["x"] });
    const none = await get("/v2/a/tags/list?n=0");
    expect([await none.json(), none.headers.get("link")]).toEqual([{ name: "a", tags: [] }, null]);
    expect(await codesOf(await get("/v2/a/tags/list?n=-1"))).toEqual([
      "PAGINATION_NUMBER_INVALID",
    ]);
    expect(await codesOf(await get("/v2/b/tags/list"))).toEqual(["NAME_UNKNOWN"]);
  });
});

describe("registry: end-12, referrers", () => {
  it("lists, filters and says so; none is an empty index, not 404", async () => {
    const { registry, get } = bench();
    const subject = await buildImage();
    registry.add("a", { image: subject });
    const annotations = { k: "v" };
    const one = await buildArtifact({ artifactType: "test/one", subject, annotations });
    for (const image of [one, await buildArtifact({ artifactType: "test/two", subject })]) {
      registry.add("a", { image });
    }
    const path = `/v2/a/referrers/${subject.digest}`;
    const all = await get(path);
    expect(all.headers.get("content-type")).toBe("application/vnd.oci.image.index.v1+json");
    expect(all.headers.get("oci-filters-applied")).toBeNull();
    expect((await all.json() as { manifests: unknown[] }).manifests).toHaveLength(2);
    const filtered = await get(`${path}?artifactType=test/one`);
    expect(filtered.headers.get("oci-filters-applied")).toBe("artifactType");
    expect(await filtered.json()).toMatchObject({
      schemaVersion: 2,
      manifests: [{ digest: one.digest, artifactType: "test/one", annotations }],
    });
    const none = await get(`/v2/nobody/referrers/${ABSENT}`);
    expect([none.status, (await none.json() as { manifests: unknown[] }).manifests])
      .toEqual([200, []]);
    expect((await get("/v2/a/referrers/sha256:x")).status).toBe(400);
  });

  it("pages by Link; an image's type is its config's", async () => {
    const { registry, get } = bench({ pageSize: 1 });
    const subject = await buildImage();
    for (const seed of [1, 2]) registry.add("a", { image: await buildImage({ subject, seed }) });
    const path = `/v2/a/referrers/${subject.digest}`;
    const first = await get(path);
    expect(await first.json()).toMatchObject({
      manifests: [{ artifactType: "application/vnd.oci.image.config.v1+json" }],
    });
    const next = /<(.*)>; rel="next"/.exec(first.headers.get("link") ?? "")?.[1] ?? "";
    const second = await get(next);
    expect((await second.json() as { manifests: unknown[] }).manifests).toHaveLength(1);
    expect(second.headers.get("link")).toBeNull();
  });

  it("referrersTag() cuts algorithm and hex, and replaces what no tag may hold", () => {
    expect(referrersTag(ABSENT)).toBe(`sha256-${"0".repeat(64)}`);
    expect(referrersTag(`sha512:${"a".repeat(128)}`)).toBe(`sha512-${"a".repeat(64)}`);
    expect(referrersTag("a+b:c=")).toBe("a-b-c-");
  });
});
