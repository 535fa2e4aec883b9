import { describe, expect, it } from "vitest";
import type { TidegateEvent } from "../../src/observability/mod.ts";
import { descriptorJson, DIGEST_A, imageJson, indexJson } from "../support/manifests.ts";
import {
  codeOf,
  IMAGE,
  INDEX,
  manifestPath,
  openSparse,
  openStrict,
  push,
  SPARSE,
  textDigest,
  writesIn,
} from "../support/push_door.ts";

const EMPTY_CONFIG = {
  mediaType: "application/vnd.oci.empty.v1+json",
  digest: "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
  size: 2,
  data: "e30=",
};

describe("PUT of a manifest", () => {
  it("stores the exact bytes under a tag and answers in the door's own words", async () => {
    const door = await openSparse();
    const body = ` ${SPARSE}\n`;
    const digest = await textDigest(body);
    const answer = await push(door, "new", body, { cookie: "a=b", "x-secret": "s" });
    expect(answer.status).toBe(201);
    expect(await answer.text()).toBe("");
    expect(answer.headers.get("location")).toBe(manifestPath(digest));
    expect(answer.headers.get("docker-content-digest")).toBe(digest);
    expect(answer.headers.has("etag")).toBe(false); // the upstream's, of nobody's making here
    const [put] = writesIn(door);
    expect(new TextDecoder().decode(put?.body)).toBe(body);
    expect(put?.headers["content-type"]).toBe(INDEX);
    expect(put?.headers["cookie"]).toBeUndefined();
    expect(put?.headers["x-secret"]).toBeUndefined();
    for (const reference of ["new", digest]) {
      const back = await door.send(manifestPath(reference));
      expect([back.status, await back.text()]).toEqual([200, body]);
      expect(back.headers.get("content-type")).toBe(INDEX);
    }
  });

  it.each(["sha256", "sha512"] as const)("takes a %s digest", async (algorithm) => {
    const door = await openSparse();
    const digest = await textDigest(SPARSE, algorithm);
    const answer = await push(door, digest, SPARSE);
    expect(answer.status).toBe(201);
    expect(answer.headers.get("docker-content-digest")).toBe(digest);
    const location = answer.headers.get("location") ?? "";
    expect(location).toBe(manifestPath(digest));
    expect(await (await door.send(location)).text()).toBe(SPARSE);
  });

  it("pushes a whole image's manifest, its content being there", async () => {
    const door = await openStrict();
    const body = new TextDecoder().decode(door.image.bytes);
    const headers = { "content-type": door.image.mediaType };
    const answer = await push(door, "again", body, headers);
    expect([answer.status, answer.headers.get("docker-content-digest")])
      .toEqual([201, door.image.digest]);
  });

  it("sends nothing when the digest is not that of the body", async () => {
    const door = await openSparse();
    for (const digest of [DIGEST_A, `sha512:${"a".repeat(128)}`]) {
      expect(await codeOf(await push(door, digest, SPARSE))).toEqual([400, "DIGEST_INVALID"]);
    }
    expect(await codeOf(await push(door, "sha256:baddigeststring", SPARSE)))
      .toEqual([400, "DIGEST_INVALID"]);
    expect(door.simulation.log).toHaveLength(0);
  });

  it.each<[string, string, string | undefined]>([
    ["is not the document's mediaType", SPARSE, IMAGE],
    [
      "is that of an index, for an image",
      JSON.stringify(imageJson({ mediaType: undefined })),
      INDEX,
    ],
    ["is two types", SPARSE, `${INDEX}, ${IMAGE}`],
    ["is one that the door does not read", JSON.stringify({ schemaVersion: 2 }), "application/x"],
    [
      "is schema 1's",
      '{"schemaVersion":1}',
      "application/vnd.docker.distribution.manifest.v1+json",
    ],
    ["goes with nothing", "", INDEX],
    ["goes with no JSON", "<html>", INDEX],
    ["goes with no object", "[]", INDEX],
    ["goes with a key twice", `{"schemaVersion":2,"manifests":[],"manifests":[]}`, INDEX],
    [
      "goes with an image and an index in one",
      JSON.stringify({ ...imageJson(), manifests: [] }),
      IMAGE,
    ],
    ["goes with a key by another case", JSON.stringify({ ...imageJson(), Layers: [] }), IMAGE],
    [
      "goes with data of another size",
      JSON.stringify(imageJson({ config: { ...EMPTY_CONFIG, size: 3 } })),
      IMAGE,
    ],
    [
      "goes with a layer without size",
      JSON.stringify(imageJson({ layers: [{ digest: DIGEST_A }] })),
      IMAGE,
    ],
    ["goes with no schemaVersion", JSON.stringify({ mediaType: INDEX, manifests: [] }), INDEX],
  ])("refuses a document whose Content-Type %s, and sends nothing", async (_, body, type) => {
    const door = await openSparse();
    const answer = await push(
      door,
      "bad",
      body,
      type === undefined ? {} : { "content-type": type },
    );
    expect(await codeOf(answer)).toEqual([400, "MANIFEST_INVALID"]);
    expect(door.simulation.log).toHaveLength(0);
  });

  it("takes a manifest as large as the limit, and answers 413 to one byte more", async () => {
    const config = {
      access: { anonymous: ["sim/**:pull,push"] },
      limits: { manifestBytes: 2048 },
    };
    const door = await openSparse({ config });
    const fits = SPARSE + " ".repeat(2048 - SPARSE.length);
    expect((await push(door, "fits", fits)).status).toBe(201);
    const before = door.simulation.log.length;
    const announced = { "content-length": "2049" };
    expect(await codeOf(await push(door, "more", `${fits} `))).toEqual([413, "SIZE_INVALID"]);
    expect(await codeOf(await push(door, "more", `${fits} `, announced)))
      .toEqual([413, "SIZE_INVALID"]);
    expect(door.simulation.log).toHaveLength(before);
  });

  it.each<[string, unknown, string]>([
    ["390 annotations of 10,000 bytes", {
      ...indexJson([]),
      annotations: Object.fromEntries(
        Array.from({ length: 390 }, (_, i) => [`org.example.${i}`, "x".repeat(10_000)]),
      ),
    }, INDEX],
    ["an index of nothing", indexJson([]), INDEX],
    ["an index of what is not there", indexJson(["linux/amd64", "windows/arm64"]), INDEX],
    ["an index of 4000 images", indexJson(Array(4000).fill("linux/amd64")), INDEX],
    ["no layers", imageJson({ config: EMPTY_CONFIG, layers: [] }), IMAGE],
    ["unknown fields", {
      ...imageJson({ config: EMPTY_CONFIG, layers: [] }),
      "org.example": { x: [1, 2.5, null, { y: true }] },
    }, IMAGE],
    [
      "a layer that is not distributed",
      imageJson({
        config: EMPTY_CONFIG,
        layers: [descriptorJson({
          mediaType: "application/vnd.oci.image.layer.nondistributable.v1.tar",
          urls: ["https://example.com/layer"],
        })],
      }),
      IMAGE,
    ],
    [
      "an artifact, its data inside, with a subject that is not there",
      imageJson({
        artifactType: "application/vnd.example.sbom",
        config: EMPTY_CONFIG,
        layers: [EMPTY_CONFIG],
        subject: descriptorJson({ mediaType: IMAGE }),
        annotations: { "org.example": "" },
      }),
      IMAGE,
    ],
    ["no mediaType of its own", { schemaVersion: 2, manifests: [] }, INDEX],
    ["a sha512 digest in it", {
      ...indexJson([]),
      manifests: [descriptorJson({ mediaType: IMAGE, digest: `sha512:${"c".repeat(128)}` })],
    }, INDEX],
    ["nulls where Go writes them", { ...indexJson([]), manifests: null, annotations: null }, INDEX],
  ])("takes and hands back %s", async (_, document, type) => {
    const door = await openSparse();
    const { blobs } = door.registry.repository("acme/app");
    const [content] = blobs.values();
    if (content === undefined) throw new Error("no blob");
    blobs.set(EMPTY_CONFIG.digest, { ...content, size: 2 });
    const body = JSON.stringify(document);
    const digest = await textDigest(body);
    for (const reference of ["any", digest]) {
      const answer = await push(door, reference, body, { "content-type": type });
      expect(answer.status).toBe(201);
      expect(await (await door.send(answer.headers.get("location") ?? "")).text()).toBe(body);
    }
  });

  it("takes a Content-Type with parameters, and one that says nothing", async () => {
    const door = await openSparse();
    for (
      const type of [`${INDEX}; charset=utf-8`, "application/json", "text/plain;charset=UTF-8"]
    ) {
      expect((await push(door, "v9", SPARSE, { "content-type": type })).status).toBe(201);
      expect(writesIn(door).at(-1)?.headers["content-type"]).toBe(INDEX);
    }
  });

  it("leaves a tag that many push at one of them, and each of them whole", async () => {
    const door = await openSparse();
    const bodies = Array.from({ length: 32 }, (_, i) => SPARSE + " ".repeat(i));
    const answers = await Promise.all(bodies.map((body) => push(door, "race", body)));
    const digests = answers.map(({ headers }) => headers.get("docker-content-digest") ?? "");
    expect(answers.map(({ status }) => status)).toEqual(Array(32).fill(201));
    const last = await door.send(manifestPath("race"));
    expect(digests).toContain(last.headers.get("docker-content-digest"));
    for (const [i, digest] of digests.entries()) {
      expect(await (await door.send(manifestPath(digest))).text()).toBe(bodies[i]);
    }
  });

  it("says where it is by the namespace that selected the upstream", async () => {
    const door = await openSparse();
    const digest = await textDigest(SPARSE);
    const answer = await push(door, "v9?ns=registry.test", SPARSE);
    expect(answer.headers.get("location")).toBe(`${manifestPath(digest)}?ns=registry.test`);
    expect(answer.headers.get("oci-namespace")).toBe("registry.test");
    expect((await push(door, "v9?ns=evil.test", SPARSE)).status).toBe(404);
  });
});

describe("PUT of a manifest with tags", () => {
  it("sets those that the upstream says it set", async () => {
    const events: TidegateEvent[] = [];
    const observer = (event: TidegateEvent): void => void events.push(event);
    const door = await openSparse({ options: { observer } });
    const digest = await textDigest(SPARSE);
    const answer = await push(door, `${digest}?tag=a&tag=b.1&tag=a`, SPARSE);
    expect([answer.status, answer.headers.get("oci-tag")]).toEqual([201, "a, b.1"]);
    expect((await door.send(manifestPath("b.1"))).headers.get("docker-content-digest")).toBe(
      digest,
    );
    door.registry.configure({ quirks: { ignoreTagParameter: true } });
    const ignored = await push(door, `${digest}?tag=c`, SPARSE);
    expect([ignored.status, ignored.headers.has("oci-tag")]).toEqual([201, false]);
    const pushed = events.filter((event) => event.type === "manifest.pushed");
    expect(pushed.map(({ tags }) => tags)).toEqual([["a", "b.1"], []]);
  });

  it("never says more than was asked for", async () => {
    const door = await openSparse();
    const set = { "oci-tag": "a, stranger" };
    door.simulation.faults.add({ method: "PUT", action: { kind: "headers", set } });
    const digest = await textDigest(SPARSE);
    expect((await push(door, `${digest}?tag=a`, SPARSE)).headers.get("oci-tag")).toBe("a");
  });

  it.each([
    ["v1?tag=v2", 400, "UNSUPPORTED"],
    [`${DIGEST_A}?tag=-x`, 400, "TAG_INVALID"],
    [`${DIGEST_A}?tag=`, 400, "TAG_INVALID"],
    [`${DIGEST_A}?tag=a%2Fb`, 400, "TAG_INVALID"],
    [
      `${DIGEST_A}?${Array.from({ length: 11 }, (_, i) => `tag=t${i}`).join("&")}`,
      414,
      "TAG_INVALID",
    ],
  ])("refuses %s and sends nothing", async (reference, status, code) => {
    const door = await openSparse();
    expect(await codeOf(await push(door, reference, SPARSE))).toEqual([status, code]);
    expect(door.simulation.log).toHaveLength(0);
  });
});
