import { createHash } from "node:crypto";
import { beforeEach, describe, expect, inject, it } from "vitest";
import { contentBytes } from "../../src/simulation/mod.ts";
import { blobContent } from "./catalogue.ts";
import { closePush, openCase, openPush, takeWrites } from "./control.ts";
import { digestOf } from "./push.ts";
import { askRaw, closing, pathOf, type RawAnswer } from "./raw_push_node.ts";

const faults = inject("faults");
const body = contentBytes(blobContent("small"));
const right = await digestOf("small");
const wrong = `sha256:${"1".repeat(64)}`;
const sha512 = `sha512:${createHash("sha512").update(body).digest("hex")}`;

beforeEach(() => void takeWrites(faults, "strict"));

async function begin(path: string): Promise<string> {
  const { status, location } = await askRaw(faults.door, { method: "POST", path });
  expect(status).toBe(202);
  return pathOf(location);
}

/** The ways in which a blob's bytes and its digest arrive. */
const FORMS: Readonly<Record<string, (path: string, digest: string) => Promise<RawAnswer>>> = {
  "one POST": (path, digest) =>
    askRaw(faults.door, { method: "POST", path: closing(path, digest), body }),
  "one PUT": async (path, digest) =>
    askRaw(faults.door, { method: "PUT", path: closing(await begin(path), digest), body }),
  "a PATCH and a PUT": async (path, digest) => {
    const { location } = await askRaw(faults.door, {
      method: "PATCH",
      path: await begin(path),
      body,
    });
    return await askRaw(faults.door, { method: "PUT", path: closing(location, digest) });
  },
  "a PATCH and a PUT at the twin": async (path, digest) => {
    const [one, other] = faults.twins;
    const begun = await askRaw(one, { method: "POST", path });
    const patch = { method: "PATCH", path: pathOf(begun.location), body };
    const { location } = await askRaw(other, patch);
    return await askRaw(one, { method: "PUT", path: closing(location, digest) });
  },
};

describe.each(Object.entries(FORMS))("%s", (_, send) => {
  it.each([
    ["a wrong digest", wrong],
    ["a wrong SHA-512", `sha512:${"1".repeat(128)}`],
    ["the hex of another algorithm", sha512.replace("sha512", "sha256")],
    ["half of a SHA-512", sha512.slice(0, 7 + 64)],
    ["an algorithm that nobody has", `md5:${"0".repeat(32)}`],
    ["no digest", ""],
    ["a path", "sha256:..%2F..%2Fetc%2Fpasswd"],
    ["capitals", right.toUpperCase()],
    ["more than a digest", `${right}00`],
  ])("with %s is refused", async (_, digest) => {
    const opened = await openPush(faults, { host: "strict" });
    const answer = await send(`/v2/strict/${opened.repository}/blobs/uploads/`, digest);
    expect(answer).toMatchObject({ status: 400, code: "DIGEST_INVALID" });
    const { count, seen } = await closePush(faults, opened, right);
    expect(count).toBe(0);
    expect(seen.filter(({ status }) => status === 201)).toEqual([]);
  });

  it("with what it should have is taken", async () => {
    for (const digest of [right, sha512]) {
      const opened = await openPush(faults, { host: "strict" });
      const answer = await send(`/v2/strict/${opened.repository}/blobs/uploads/`, digest);
      expect(answer).toMatchObject({ status: 201 });
      expect((await closePush(faults, opened, right)).count).toBe(1);
    }
  });
});

describe("a wrong size", () => {
  it.each([
    ["PATCH", { "content-range": "0-98" }, 400, "SIZE_INVALID"],
    ["PATCH", { "content-range": "5-1004" }, 416, "RANGE_INVALID"],
    ["PATCH", { "content-range": "999-0" }, 416, "RANGE_INVALID"],
    ["PUT", { "content-range": "0-1000" }, 400, "SIZE_INVALID"],
    ["PUT", { "content-range": "1-1000" }, 416, "RANGE_INVALID"],
  ])("%s %j is refused", async (method, headers, status, code) => {
    const opened = await openPush(faults, { host: "strict" });
    const path = closing(await begin(`/v2/strict/${opened.repository}/blobs/uploads/`), right);
    const answer = await askRaw(faults.door, { method, path, headers, body });
    expect(answer).toMatchObject({ status, code });
    const { count, arrivedBytes } = await closePush(faults, opened, right);
    expect({ count, arrivedBytes }).toEqual({ count: 0, arrivedBytes: 0 });
  });
});

describe("a digest of another repository", () => {
  it.each([
    ["of the caller's own", "", 202],
    ["that the caller may not read", "&from=strict/private/repository", 202],
    ["of another upstream", "&from=plain/case/n1", 202],
    ["outside of all", "&from=strict/case/../private/repository", 202],
    ["that is no name", "&from=%2e%2e%2Fprivate", 202],
  ])("%s is not mounted", async (_, from, status) => {
    const theirs = await openCase(faults, "strict", "small", []);
    const opened = await openPush(faults, { host: "strict" });
    const uploads = `/v2/strict/${opened.repository}/blobs/uploads/`;
    const path = `${uploads}?mount=${theirs.digest}${from}`;
    expect(await askRaw(faults.door, { method: "POST", path })).toMatchObject({ status });
    const blob = `/v2/strict/${opened.repository}/blobs/${theirs.digest}`;
    for (const method of ["HEAD", "GET"]) {
      expect((await askRaw(faults.door, { method, path: blob })).status).toBe(404);
    }
    const { count, seen } = await closePush(faults, opened, theirs.digest);
    expect(count).toBe(0);
    expect(seen.filter(({ target }) => target.includes("from="))).toEqual([]);
  });

  it("is mounted from where the caller may read, and from nowhere else", async () => {
    const theirs = await openCase(faults, "strict", "small", []);
    const opened = await openPush(faults, { host: "strict" });
    const uploads = `/v2/strict/${opened.repository}/blobs/uploads/`;
    const path = `${uploads}?mount=${theirs.digest}&from=strict/${theirs.repository}`;
    expect(await askRaw(faults.door, { method: "POST", path })).toMatchObject({ status: 201 });
    expect((await closePush(faults, opened, theirs.digest)).stored).toBe(theirs.digest);
  });

  it("does not go on in another repository", async () => {
    const opened = await openPush(faults, { host: "strict" });
    const other = await openPush(faults, { host: "strict" });
    const path = await begin(`/v2/strict/${opened.repository}/blobs/uploads/`);
    const moved = path.replace(opened.repository, other.repository);
    for (const method of ["PATCH", "PUT", "GET", "DELETE"]) {
      expect(await askRaw(faults.door, { method, path: closing(moved, right), body }))
        .toMatchObject({ status: 404, code: "BLOB_UPLOAD_UNKNOWN" });
    }
    expect((await closePush(faults, other, right)).seen).toEqual([]);
    await closePush(faults, opened, right);
  });
});

describe("a name that leads elsewhere", () => {
  const names = [
    ...["strict/../private/repository", "strict/case/../../private/repository", "strict/case/.."],
    ...["strict/%2e%2e/private", "strict/case%2Fn1", "strict/case/n1%2f..%2f..%2fprivate"],
    ...[
      "strict//case/n1",
      "strict/case/n1/",
      "strict/CASE/n1",
    ],
    ...[
      "strict/case/n1;x",
      "strict/case/n1%00",
      "..",
      "%2e%2e/strict/case",
      "strict/private/repository",
    ],
  ];
  it.each(names)("%j is refused, and nobody is asked", async (name) => {
    await takeWrites(faults, "strict");
    const rest = ["blobs/uploads/", `blobs/uploads/?digest=${right}`, "manifests/v1"];
    for (const end of [...rest, `blobs/uploads/?mount=${right}&from=strict/case/n1`]) {
      const method = end.startsWith("manifests") ? "PUT" : "POST";
      const answer = await askRaw(faults.door, { method, path: `/v2/${name}/${end}`, body });
      expect([400, 401, 403, 404]).toContain(answer.status);
      expect(["NAME_INVALID", "NAME_UNKNOWN", "DENIED", "UNAUTHORIZED", "UNSUPPORTED"])
        .toContain(answer.code);
    }
    expect(await takeWrites(faults, "strict")).toEqual([]);
  });

  it.each(["strict/./case/n1", "strict/case\\n1", "strict/case/x/../n1"])(
    "%j is what URLs make of it, before the door has it: nothing else is asked",
    async (name) => {
      await takeWrites(faults, "strict");
      const path = `/v2/${name}/blobs/uploads/?digest=${wrong}`;
      const answer = await askRaw(faults.door, { method: "POST", path, body });
      expect(answer).toMatchObject({ status: 400, code: "DIGEST_INVALID" });
      const targets = (await takeWrites(faults, "strict")).map(({ target }) => target);
      expect(targets.filter((target) => !target.startsWith("/v2/case/n1/"))).toEqual([]);
    },
  );

  it.each(["../../private/repository/blobs/uploads/x", "..%2f..%2fx", "x", ".."])(
    "nor is an upload called %j known",
    async (session) => {
      const opened = await openPush(faults, { host: "strict" });
      const path = `/v2/strict/${opened.repository}/blobs/uploads/${session}`;
      const answer = await askRaw(faults.door, { method: "PUT", path: closing(path, right), body });
      expect([400, 401, 403, 404]).toContain(answer.status);
      expect((await closePush(faults, opened, right)).seen).toEqual([]);
    },
  );
});
