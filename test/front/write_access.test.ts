import { describe, expect, it } from "vitest";
import { basic, openTestDoor, sha256Hex, type TestDoor } from "../support/front_door.ts";
import { DIGEST_A } from "../support/manifests.ts";
import {
  codeOf,
  INDEX,
  manifestPath,
  openSparse,
  openStrict,
  SPARSE,
  writesIn,
} from "../support/push_door.ts";

describe("DELETE through the door", () => {
  it("deletes a tag, a manifest and a blob, which are gone at once", async () => {
    const door = await openStrict();
    const gone = async (path: string): Promise<readonly number[]> => {
      const { status, headers } = await door.send(path, { method: "DELETE" });
      expect(headers.get("content-length")).toBe("0");
      return [
        status,
        (await door.send(path)).status,
        (await door.send(path, { method: "HEAD" })).status,
      ];
    };
    expect(await gone(manifestPath("v2"))).toEqual([202, 404, 404]);
    expect((await door.send(door.manifestPath)).status).toBe(200);
    expect(await gone(manifestPath(door.image.digest))).toEqual([202, 404, 404]);
    expect((await door.send(door.manifestPath)).status).toBe(404);
    expect(await gone(door.blobPath(0))).toEqual([202, 404, 404]);
  });

  it("passes no query and no body of the caller's on", async () => {
    const door = await openStrict();
    await door.send(`${manifestPath("v2")}?tag=v1&x=y`, { method: "DELETE", body: "text" });
    const [request] = writesIn(door);
    expect([request?.url, request?.bodyBytes])
      .toEqual(["https://registry.test/v2/acme/app/manifests/v2", 0]);
  });
});

describe("the right to write", () => {
  const TOKEN = "correct-horse-battery-staple";
  const openFor = async (
    allow: readonly string[],
    anonymous: readonly string[],
  ): Promise<TestDoor> => {
    const tokens = [{ name: "ci", sha256: await sha256Hex(TOKEN), allow }];
    return await openSparse({ config: { access: { anonymous, tokens } } });
  };
  const write = (
    { send }: TestDoor,
    method: string,
    headers: HeadersInit = {},
  ): Promise<Response> =>
    send(manifestPath("v9"), {
      method,
      headers: { "content-type": INDEX, ...headers as Record<string, string> },
      ...(method === "PUT" && { body: SPARSE }),
    });

  it("is asked for with the scope of the method", async () => {
    const door = await openFor(["sim/**:push"], ["sim/**:pull"]);
    for (const [method, actions] of [["PUT", "pull,push"], ["DELETE", "delete"]] as const) {
      const answer = await write(door, method);
      expect(answer.status).toBe(401);
      expect(answer.headers.get("www-authenticate")).toBe(
        `Bearer realm="https://door.test/v2/token",service="tidegate",scope="repository:acme/app:${actions}"`,
      );
    }
    expect(door.simulation.log).toHaveLength(0);
  });

  it("is asked for with Basic where everybody needs a token", async () => {
    const door = await openFor(["sim/**:push"], []);
    expect((await write(door, "PUT")).headers.get("www-authenticate")).toContain("Basic");
    expect((await write(door, "PUT", basic(`ci:${TOKEN}`))).status).toBe(201);
  });

  it.each([
    [["sim/**:pull"], 403, 403],
    [["sim/**:push"], 201, 403],
    [["sim/**:delete"], 403, 404],
    [["sim/other/**:push,delete"], 403, 403],
    [["sim/acme/app:pull,push", "sim/acme/**:delete"], 201, 202],
  ])("is what %j says: PUT %i, DELETE %i", async (rules, put, deleted) => {
    const door = await openFor(rules, ["sim/**:pull"]);
    const headers = basic(`ci:${TOKEN}`);
    expect((await write(door, "PUT", headers)).status).toBe(put);
    expect((await write(door, "DELETE", headers)).status).toBe(deleted);
    if (put === 403 && deleted === 403) expect(door.simulation.log).toHaveLength(0);
  });

  it("nobody has at a door that only pulls: DENIED, and nobody is asked", async () => {
    const door = await openTestDoor();
    for (
      const [method, path] of [
        ["PUT", manifestPath("v9")],
        ["DELETE", manifestPath("v1")],
        ["DELETE", door.blobPath(0)],
        ["POST", "/v2/acme/app/blobs/uploads/"],
        ["PATCH", "/v2/acme/app/blobs/uploads/session"],
        ["PUT", "/v2/acme/app/blobs/uploads/session"],
        ["GET", "/v2/acme/app/blobs/uploads/session"],
        ["DELETE", "/v2/acme/app/blobs/uploads/session"],
      ] as const
    ) {
      expect(await codeOf(await door.send(path, { method }))).toEqual([403, "DENIED"]);
    }
    expect(door.simulation.log).toHaveLength(0);
  });

  it.each([
    ["POST", manifestPath("v1"), "GET, HEAD, PUT, DELETE"],
    ["PATCH", manifestPath("v1"), "GET, HEAD, PUT, DELETE"],
    ["PUT", `/v2/acme/app/blobs/${DIGEST_A}`, "GET, HEAD, DELETE"],
    ["DELETE", "/v2/acme/app/tags/list", "GET, HEAD"],
    ["POST", `/v2/acme/app/referrers/${DIGEST_A}`, "GET, HEAD"],
    ["GET", "/v2/acme/app/blobs/uploads/", "POST"],
    ["POST", "/v2/acme/app/blobs/uploads/session", "GET, HEAD, PATCH, PUT, DELETE"],
  ])("does not give %s %s a meaning: 405 with what is allowed", async (method, path, allow) => {
    const door = await openSparse();
    const answer = await door.send(path, { method });
    expect([...await codeOf(answer), answer.headers.get("allow")]).toEqual([
      405,
      "UNSUPPORTED",
      allow,
    ]);
    expect(door.simulation.log).toHaveLength(0);
  });
});
