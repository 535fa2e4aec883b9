import { describe, expect, it } from "vitest";
import { buildArtifact, buildImage, buildIndex, digestOf } from "../../../src/simulation/mod.ts";
import type { BuiltImage } from "../../../src/simulation/mod.ts";
import { pushBench, someBytes } from "./push_support.ts";
import type { Answer, PushBench } from "./push_support.ts";

const IMAGE_TYPE = "application/vnd.oci.image.manifest.v1+json";
const INDEX_TYPE = "application/vnd.oci.image.index.v1+json";
const ABSENT = `sha256:${"0".repeat(64)}`;
const ABSENT_DESCRIPTOR = { mediaType: "application/x", digest: ABSENT, size: 1 };

function put(
  { send }: Pick<PushBench, "send">,
  reference: string,
  document: unknown,
  headers: Record<string, string> = { "content-type": IMAGE_TYPE },
): Promise<Answer> {
  const body = typeof document === "string" ? document : JSON.stringify(document);
  return send("PUT", `/v2/a/manifests/${reference}`, { body, headers });
}

/** A valid document with fields of the test's own, its blobs pushed. */
async function imageDocument(
  bench: PushBench,
  fields: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  const { bytes, blobs } = await buildImage();
  for (const { content } of blobs) await bench.pushBlob("a", content.read(0, content.size));
  return { ...JSON.parse(new TextDecoder().decode(bytes)), ...fields };
}

describe("manifests: end-7a", () => {
  it("by tag and by digest; the exact bytes come back", async () => {
    const bench = pushBench();
    const image = await buildImage({ format: "docker" });
    for (const reference of ["v1", image.digest]) {
      const answer = await bench.pushImage("a", image, reference);
      expect([answer.status, answer.headers.get("location")])
        .toEqual([201, `https://registry.test/v2/a/manifests/${image.digest}`]);
      expect(answer.headers.get("docker-content-digest")).toBe(image.digest);
      const back = await bench.get(`/v2/a/manifests/${reference}`);
      expect(back.headers.get("content-type")).toBe(image.mediaType);
      expect(new Uint8Array(await back.arrayBuffer())).toEqual(image.bytes);
    }
  });

  it("sha512, unknown fields, an index of nothing, an image without layers", async () => {
    const bench = pushBench();
    const image = await buildImage({ layers: [], extra: { "org.example": { x: [1] } } });
    await bench.pushImage("a", image, "empty");
    const digest = await digestOf(image.bytes, "sha512");
    const answer = await bench.pushImage("a", image, digest);
    expect([answer.status, answer.headers.get("docker-content-digest")]).toEqual([201, digest]);
    const back = await bench.get(`/v2/a/manifests/${digest}`);
    expect(back.headers.get("docker-content-digest")).toBe(digest);
    expect((await bench.pushImage("a", await buildIndex({ manifests: [] }), "none")).status)
      .toBe(201);
  });

  it("a Content-Type with parameters is the type alone", async () => {
    const bench = pushBench();
    const document = await imageDocument(bench);
    const headers = { "content-type": `${IMAGE_TYPE}; charset=utf-8` };
    expect((await put(bench, "x", document, headers)).status).toBe(201);
    const back = await bench.get("/v2/a/manifests/x");
    expect(back.headers.get("content-type")).toBe(IMAGE_TYPE);
  });

  it.each<[string, Record<string, unknown> | string, Record<string, string> | undefined]>([
    ["no JSON", "{", undefined],
    ["no object", "[]", undefined],
    ["another mediaType", { mediaType: INDEX_TYPE }, undefined],
    ["schemaVersion 1", { schemaVersion: 1 }, undefined],
    ["no config", { config: undefined }, undefined],
    ["layers that are no list", { layers: {} }, undefined],
    ["a descriptor without size", { layers: [{ ...ABSENT_DESCRIPTOR, size: -1 }] }, undefined],
    ["a bad digest", { layers: [{ ...ABSENT_DESCRIPTOR, digest: "sha256:x" }] }, undefined],
    ["a subject that is none", { subject: { digest: ABSENT } }, undefined],
    ["no Content-Type", {}, { "content-type": "" }],
  ])("%s is MANIFEST_INVALID", async (_, change, headers) => {
    const bench = pushBench();
    const document = typeof change === "string" ? change : await imageDocument(bench, change);
    const answer = await put(bench, "x", document, headers);
    expect([answer.status, answer.codes]).toEqual([400, ["MANIFEST_INVALID"]]);
    expect((await bench.get("/v2/a/manifests/x")).status).toBe(404);
  });

  it("a digest that is not the content's, or none at all, is DIGEST_INVALID", async () => {
    const bench = pushBench();
    const document = await imageDocument(bench);
    for (const reference of [ABSENT, "sha256:baddigeststring", "md5:00"]) {
      const answer = await put(bench, reference, document);
      expect([answer.status, answer.codes]).toEqual([400, ["DIGEST_INVALID"]]);
    }
    expect((await put(bench, ".x", document)).codes).toEqual(["TAG_INVALID"]);
  });

  it("4 MiB is the most; more is 413", async () => {
    const bench = pushBench();
    const document = await imageDocument(bench, { annotations: { x: "" } });
    const room = 4 * 1024 * 1024 - JSON.stringify(document).length;
    const most = { ...document, annotations: { x: "y".repeat(room) } };
    expect((await put(bench, "x", most)).status).toBe(201);
    const more = { ...document, annotations: { x: "y".repeat(room + 1) } };
    expect((await put(bench, "x", more)).status).toBe(413);
  });
});

describe("manifests: what they name", () => {
  it("a missing blob, a blob of another size, a missing child", async () => {
    const bench = pushBench();
    const missing = await imageDocument(bench, { layers: [ABSENT_DESCRIPTOR] });
    expect(await put(bench, "x", missing))
      .toMatchObject({ status: 400, codes: ["MANIFEST_BLOB_UNKNOWN"] });
    const digest = await bench.pushBlob("a", someBytes(10));
    const wrong = { ...missing, layers: [{ ...ABSENT_DESCRIPTOR, digest, size: 11 }] };
    expect((await put(bench, "x", wrong)).codes).toEqual(["SIZE_INVALID"]);
    const index = { schemaVersion: 2, manifests: [ABSENT_DESCRIPTOR] };
    const headers = { "content-type": INDEX_TYPE };
    expect((await put(bench, "x", index, headers)).codes).toEqual(["MANIFEST_BLOB_UNKNOWN"]);
    bench.registry.configure({ push: { sparseIndexes: true } });
    expect((await put(bench, "x", index, headers)).status).toBe(201);
    expect((await put(bench, "x", missing)).codes).toEqual(["MANIFEST_BLOB_UNKNOWN"]);
    bench.registry.configure({ push: { sparseImages: true } });
    expect((await put(bench, "x", missing)).status).toBe(201);
  });

  it("a blob of another repository is missing here", async () => {
    const bench = pushBench();
    const image = await buildImage();
    await bench.pushImage("other", image, "x");
    const answer = await put(bench, "x", new TextDecoder().decode(image.bytes));
    expect(answer.codes).toEqual(["MANIFEST_BLOB_UNKNOWN"]);
  });

  it.each([
    { mediaType: "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip" },
    { mediaType: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip" },
    { urls: ["https://else.test/layer"] },
  ])("a layer with %j need not be here", async (fields) => {
    const bench = pushBench();
    const layers = [{ ...ABSENT_DESCRIPTOR, ...fields }];
    expect((await put(bench, "x", await imageDocument(bench, { layers }))).status).toBe(201);
  });
});

describe("manifests: subject and referrers", () => {
  async function artifact(): Promise<BuiltImage> {
    const subject = { ...ABSENT_DESCRIPTOR, mediaType: IMAGE_TYPE };
    return await buildArtifact({ artifactType: "application/x", content: "x", subject });
  }

  it("OCI-Subject, though the subject is missing; the list has it, and loses it with it", async () => {
    const bench = pushBench();
    const image = await artifact();
    const answer = await bench.pushImage("a", image, image.digest);
    expect([answer.status, answer.headers.get("oci-subject")]).toEqual([201, ABSENT]);
    const list = async (): Promise<unknown> =>
      (await (await bench.get(`/v2/a/referrers/${ABSENT}`)).json() as { manifests: unknown })
        .manifests;
    expect(await list()).toMatchObject([{ digest: image.digest, artifactType: "application/x" }]);
    await bench.send("DELETE", `/v2/a/manifests/${image.digest}`);
    expect(await list()).toEqual([]);
  });

  it("no OCI-Subject where there is no referrers API", async () => {
    const bench = pushBench();
    bench.registry.configure({ referrers: 404 });
    const image = await artifact();
    const answer = await bench.pushImage("a", image, image.digest);
    expect([answer.status, answer.headers.get("oci-subject")]).toEqual([201, null]);
  });
});

describe("manifests: end-7b, tags by parameter", () => {
  it("OCI-Tag names those that were set", async () => {
    const bench = pushBench();
    const image = await buildImage();
    const answer = await bench.pushImage("a", image, `${image.digest}?tag=1&tag=1.0`);
    expect(answer.headers.get("oci-tag")).toBe("1, 1.0");
    expect(bench.registry.repository("a").tags)
      .toEqual(new Map([["1", image.digest], ["1.0", image.digest]]));
    const bad = await bench.pushImage("a", image, `${image.digest}?tag=.x`);
    expect(bad.codes).toEqual(["TAG_INVALID"]);
  });
});

describe("manifests: conditional PUT", () => {
  it("If-Match and If-None-Match hold or are 412, where the registry honours them", async () => {
    const bench = pushBench({ conditional: true });
    const document = await imageDocument(bench);
    const attempt = (condition: Record<string, string>): Promise<Answer> =>
      put(bench, "x", document, { "content-type": IMAGE_TYPE, ...condition });
    expect((await attempt({ "if-match": "*" })).status).toBe(412);
    const created = await attempt({ "if-none-match": "*" });
    expect(created.status).toBe(201);
    expect((await attempt({ "if-none-match": "*" })).status).toBe(412);
    const etag = created.headers.get("etag") ?? "";
    expect((await bench.get("/v2/a/manifests/x")).headers.get("etag")).toBe(etag);
    expect((await attempt({ "if-match": `"x", ${etag}` })).status).toBe(201);
    expect((await attempt({ "if-match": `"${ABSENT}"` })).status).toBe(412);
    bench.registry.configure({ push: {} });
    expect((await attempt({ "if-match": `"${ABSENT}"` })).status).toBe(201);
  });
});

describe("deletes: end-9 and end-10", () => {
  it("a tag goes alone, a digest with its tags, then 404", async () => {
    const bench = pushBench();
    const image = await buildImage();
    for (const tag of ["1", "2", "3"]) await bench.pushImage("a", image, tag);
    const remove = async (reference: string): Promise<number> =>
      (await bench.send("DELETE", `/v2/a/manifests/${reference}`)).status;
    expect([await remove("1"), await remove("1")]).toEqual([202, 404]);
    expect([...bench.registry.repository("a").tags.keys()]).toEqual(["2", "3"]);
    expect([await remove(image.digest), await remove(image.digest)]).toEqual([202, 404]);
    expect((await bench.get("/v2/a/manifests/2")).status).toBe(404);
    expect(await bench.send("DELETE", "/v2/none/manifests/x"))
      .toMatchObject({ status: 404, codes: ["NAME_UNKNOWN"] });
    expect(await remove(".x")).toBe(400);
  });

  it("a blob goes from its repository alone", async () => {
    const bench = pushBench();
    const digest = await bench.pushBlob("a", someBytes(10));
    await bench.pushBlob("b", someBytes(10));
    const remove = async (): Promise<number> =>
      (await bench.send("DELETE", `/v2/a/blobs/${digest}`)).status;
    expect([await remove(), await remove()]).toEqual([202, 404]);
    expect((await bench.get(`/v2/b/blobs/${digest}`)).status).toBe(200);
    expect((await bench.send("DELETE", "/v2/a/blobs/sha256:x")).codes).toEqual(["DIGEST_INVALID"]);
  });
});
