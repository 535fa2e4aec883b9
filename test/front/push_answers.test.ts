import { describe, expect, it } from "vitest";
import { descriptorJson, DIGEST_A, imageJson, indexJson } from "../support/manifests.ts";
import {
  codeOf,
  IMAGE,
  manifestPath,
  openSparse,
  push,
  SPARSE,
  textDigest,
  writesIn,
} from "../support/push_door.ts";

describe("what the upstream says of a pushed manifest", () => {
  const artifact = JSON.stringify({
    ...indexJson([]),
    subject: descriptorJson({ mediaType: IMAGE }),
  });

  it("is told on where it lists the subject", async () => {
    const door = await openSparse();
    expect((await push(door, "sig", artifact)).headers.get("oci-subject")).toBe(DIGEST_A);
    expect((await push(door, "none", SPARSE)).headers.has("oci-subject")).toBe(false);
    door.registry.configure({ referrers: 404 });
    expect((await push(door, "sig", artifact)).headers.has("oci-subject")).toBe(false);
  });

  it("is not told on where it lists another subject", async () => {
    const door = await openSparse();
    const set = { "oci-subject": `sha256:${"e".repeat(64)}` };
    door.simulation.faults.add({ method: "PUT", action: { kind: "headers", set } });
    const answer = await push(door, "sig", artifact);
    expect([answer.status, answer.headers.has("oci-subject")]).toEqual([201, false]);
  });

  it("may name the content by another algorithm, by an unknown one, or not at all", async () => {
    const door = await openSparse();
    const digest = await textDigest(SPARSE);
    for (
      const digestHeader of [
        await textDigest(SPARSE, "sha512"),
        `blake3:${"a".repeat(64)}`,
        undefined,
      ]
    ) {
      const quirks = digestHeader === undefined ? { noDigestHeader: true } : { digestHeader };
      door.registry.configure({ quirks });
      const answer = await push(door, "v9", SPARSE);
      expect([answer.status, answer.headers.get("docker-content-digest")]).toEqual([201, digest]);
    }
  });

  it.each([DIGEST_A, `sha512:${"a".repeat(128)}`, "sha256:short"])(
    "is not believed when it stored %s",
    async (digestHeader) => {
      const door = await openSparse();
      door.registry.configure({ quirks: { digestHeader } });
      for (const reference of ["v9", await textDigest(SPARSE)]) {
        const answer = await push(door, reference, SPARSE);
        expect(answer.status).toBe(502);
        expect(answer.headers.has("location")).toBe(false);
        expect(answer.headers.has("docker-content-digest")).toBe(false);
      }
    },
  );

  it.each([200, 204, 206])("is no success when it is %i", async (status) => {
    const door = await openSparse();
    door.simulation.faults.add({ method: "PUT", action: { kind: "answer", status } });
    expect((await push(door, "v9", SPARSE)).status).toBe(502);
  });

  it("may get lost: the push is repeated and acknowledged once", async () => {
    const door = await openSparse();
    const action = { kind: "drop", by: "reset" } as const;
    door.simulation.faults.add({ method: "PUT", first: 1, action });
    const answer = await push(door, "v9", SPARSE);
    expect(answer.status).toBe(201);
    expect(writesIn(door)).toHaveLength(2);
    expect(await (await door.send(manifestPath("v9"))).text()).toBe(SPARSE);
  });
});

const GOSSIP = "registry.test says no: https://registry.test/?sig=1";
const refusal = (code: string): string =>
  JSON.stringify({ errors: [{ code, message: GOSSIP, detail: GOSSIP }] });

describe("an upstream's refusal", () => {
  it.each([
    [400, "MANIFEST_BLOB_UNKNOWN", 400, "MANIFEST_BLOB_UNKNOWN"],
    [404, "BLOB_UNKNOWN", 400, "MANIFEST_BLOB_UNKNOWN"],
    [400, "MANIFEST_INVALID", 400, "MANIFEST_INVALID"],
    [400, "SIZE_INVALID", 400, "SIZE_INVALID"],
    [400, "TAG_INVALID", 400, "TAG_INVALID"],
    [400, "NAME_INVALID", 404, "NAME_UNKNOWN"],
    [400, "<script>", 400, "MANIFEST_INVALID"],
    [401, "UNAUTHORIZED", 403, "DENIED"],
    [403, "DENIED", 403, "DENIED"],
    [404, "NAME_UNKNOWN", 404, "NAME_UNKNOWN"],
    [404, "WHATEVER", 404, "NAME_UNKNOWN"],
    [405, "UNSUPPORTED", 405, "UNSUPPORTED"],
    [409, "CONFLICT", 409, "DENIED"],
    [412, "PRECONDITION", 412, "DENIED"],
    [413, "MANIFEST_INVALID", 413, "SIZE_INVALID"],
    [414, "", 414, "TAG_INVALID"],
    [415, "MANIFEST_INVALID", 400, "MANIFEST_INVALID"],
    [422, "MANIFEST_INVALID", 400, "MANIFEST_INVALID"],
    [418, "TEAPOT", 502, "UNAVAILABLE"],
    [501, "UNSUPPORTED", 405, "UNSUPPORTED"],
  ])("of a push, %i %s, is %i %s in fixed words", async (status, said, answered, code) => {
    const door = await openSparse();
    const action = { kind: "answer", status, body: refusal(said) } as const;
    door.simulation.faults.add({ method: "PUT", action });
    const answer = await push(door, "v9", SPARSE);
    const shown = await answer.clone().text();
    expect(await codeOf(answer)).toEqual([answered, code]);
    expect(shown).not.toMatch(/registry\.test|says no|script|TEAPOT|WHATEVER/);
    expect(answer.headers.get("allow")).toBe(answered === 405 ? "GET, HEAD, DELETE" : null);
  });

  it.each([
    ["manifests", 400, 400, "UNSUPPORTED"],
    ["manifests", 404, 404, "MANIFEST_UNKNOWN"],
    ["manifests", 405, 405, "UNSUPPORTED"],
    ["manifests", 409, 409, "DENIED"],
    ["manifests", 403, 403, "DENIED"],
    ["blobs", 400, 400, "UNSUPPORTED"],
    ["blobs", 404, 404, "BLOB_UNKNOWN"],
    ["blobs", 405, 405, "UNSUPPORTED"],
    ["blobs", 501, 405, "UNSUPPORTED"],
  ])("of a delete under %s, %i, is %i %s in fixed words", async (kind, status, answered, code) => {
    const door = await openSparse();
    const action = { kind: "answer", status, body: refusal("DIGEST_INVALID") } as const;
    door.simulation.faults.add({ method: "DELETE", action });
    const answer = await door.send(`/v2/acme/app/${kind}/${DIGEST_A}`, { method: "DELETE" });
    const shown = await answer.clone().text();
    expect(await codeOf(answer)).toEqual([answered, code]);
    expect(shown).not.toContain("registry.test");
    expect(answer.headers.has("allow")).toBe(answered === 405);
  });

  it("names what is missing, where the caller has named it before", async () => {
    const door = await openSparse();
    const [first] = (JSON.parse(SPARSE) as { manifests: [{ digest: string }] }).manifests;
    const missing = [first.digest, `sha256:${"f".repeat(64)}`, GOSSIP].map((detail) => ({
      ...{ code: "MANIFEST_BLOB_UNKNOWN", message: GOSSIP, detail },
    }));
    const body = JSON.stringify({ errors: missing });
    door.simulation.faults.add({ method: "PUT", action: { kind: "answer", status: 400, body } });
    expect(await (await push(door, "v9", SPARSE)).json()).toEqual({
      errors: [{
        code: "MANIFEST_BLOB_UNKNOWN",
        message: "manifest references a manifest or blob unknown to the registry",
        detail: { digests: [first.digest] },
      }],
    });
  });

  it("of nonsense is what it was before: no write, no content", async () => {
    const door = await openSparse();
    const answer = await push(door, "v9", JSON.stringify(imageJson()), { "content-type": IMAGE });
    expect(await codeOf(answer)).toEqual([400, "MANIFEST_BLOB_UNKNOWN"]);
    expect((await door.send(manifestPath("v9"))).status).toBe(404);
  });
});

describe("conditions of a push", () => {
  it("are the upstream's to judge", async () => {
    const door = await openSparse();
    const is = async (): Promise<string> =>
      (await door.send(manifestPath("v9"))).headers.get("etag") ?? "";
    expect((await push(door, "v9", SPARSE, { "if-none-match": "*" })).status).toBe(201);
    expect((await push(door, "v9", SPARSE, { "if-none-match": "*" })).status).toBe(412);
    const etag = await is();
    const next = `${SPARSE} `;
    expect((await push(door, "v9", next, { "if-match": `"${DIGEST_A}"` })).status).toBe(412);
    expect(await is()).toBe(etag);
    expect((await push(door, "v9", next, { "if-match": etag })).status).toBe(201);
    expect(await is()).not.toBe(etag);
  });

  it.each(["v1", '"a', '"a""b"', '"a" b', `"${"a".repeat(2000)}"`])(
    "are refused when they are %j, and nothing is sent",
    async (condition) => {
      const door = await openSparse();
      const answer = await push(door, "v9", SPARSE, { "if-match": condition });
      expect(await codeOf(answer)).toEqual([400, "UNSUPPORTED"]);
      expect(door.simulation.log).toHaveLength(0);
    },
  );
});
