import { describe, expect, it } from "vitest";
import { buildImage, digestOf } from "../../../src/simulation/mod.ts";
import { pushBench, someBytes, withDigest } from "./push_support.ts";
import type { PushBench } from "./push_support.ts";

const BYTES = someBytes(10);
const DIGEST = await digestOf(BYTES);

/** A registry whose tokens say what they are asked for, and an upload that is open in `a`. */
async function bearerBench(): Promise<
  PushBench & {
    location: string;
    status(method: string, url: string, scope: string): Promise<number>;
  }
> {
  const bench = pushBench();
  await bench.pushImage("a", await buildImage(), "x");
  await bench.pushBlob("a", BYTES);
  const location = await bench.open("a");
  const tokens = bench.simulation.tokenService("auth.test", { allow: () => true });
  bench.registry.configure({ auth: { mode: "bearer", tokens } });
  const status = async (method: string, url: string, scope: string): Promise<number> => {
    const ask = new Request(`${tokens.realm}?service=registry.test&scope=${scope}`);
    const { token } = await (await bench.simulation.fetch(ask)).json() as { token: string };
    const headers = { authorization: `Bearer ${token}` };
    return (await bench.send(method, url, { headers })).status;
  };
  return { ...bench, location, status };
}

describe("push access: bearer", () => {
  it("challenges with the scope that the method needs", async () => {
    const { send, location } = await bearerBench();
    const scopes: [string, string, string][] = [
      ["POST", "/v2/a/blobs/uploads/", "pull,push"],
      ["PATCH", location, "pull,push"],
      ["PUT", location, "pull,push"],
      ["GET", location, "pull"],
      ["DELETE", location, "delete"],
      ["PUT", "/v2/a/manifests/y", "pull,push"],
      ["DELETE", "/v2/a/manifests/x", "delete"],
      ["DELETE", `/v2/a/blobs/${DIGEST}`, "delete"],
    ];
    for (const [method, url, actions] of scopes) {
      const { status, headers } = await send(method, url);
      expect([status, headers.get("www-authenticate")])
        .toEqual([401, expect.stringContaining(`scope="repository:a:${actions}"`)]);
    }
  });

  it("pull is not push, push is not delete, one repository is not another", async () => {
    const { status, location } = await bearerBench();
    const put = withDigest(location, await digestOf(new Uint8Array()));
    expect(await status("PUT", put, "repository:a:pull")).toBe(401);
    expect(await status("PUT", put, "repository:a:push")).toBe(401);
    expect(await status("PUT", put, "repository:b:pull,push")).toBe(401);
    expect(await status("DELETE", location, "repository:a:pull,push")).toBe(401);
    expect(await status("DELETE", "/v2/a/manifests/x", "repository:a:pull,push")).toBe(401);
    expect(await status("DELETE", "/v2/a/manifests/x", "repository:a:delete")).toBe(202);
    expect(await status("PUT", put, "repository:a:*")).toBe(201);
  });
});

describe("push access: basic", () => {
  it("users push by the rule; without a password there is a challenge", async () => {
    const { send, registry } = pushBench();
    const allow = (user: string | undefined, _name: string, action: string): boolean =>
      user === "ann" || (user !== undefined && action === "pull");
    registry.configure({ auth: { mode: "basic", users: { ann: "1", bob: "2" }, allow } });
    const start = async (pair?: string): Promise<number> => {
      const headers = pair === undefined ? {} : { authorization: `Basic ${btoa(pair)}` };
      return (await send("POST", "/v2/a/blobs/uploads/", { headers })).status;
    };
    expect([await start(), await start("bob:2"), await start("ann:2"), await start("ann:1")])
      .toEqual([401, 403, 401, 202]);
  });
});
