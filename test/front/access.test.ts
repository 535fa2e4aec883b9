import { beforeAll, describe, expect, it } from "vitest";
import { basic, errorOf, openTestDoor, sha256Hex, type TestDoor } from "../support/front_door.ts";

const TOKEN = "correct-horse-battery-staple";
let tokens: readonly unknown[];

beforeAll(async () => {
  const sha256 = await sha256Hex(TOKEN);
  tokens = [{ name: "ci", sha256, allow: ["sim/acme/**:pull,push"] }];
});

function open(anonymous: readonly string[], withTokens = true): Promise<TestDoor> {
  return openTestDoor({ config: { access: { anonymous, tokens: withTokens ? tokens : [] } } });
}

const MANIFEST = "/v2/acme/app/manifests/v1";

describe("front door access", () => {
  it("denies by default, and asks nobody", async () => {
    const { send, simulation } = await openTestDoor({ config: { access: {} } });
    for (const path of ["/v2/", MANIFEST, "/v2/acme/app/tags/list"]) {
      const answer = await send(path);
      expect([answer.status, (await errorOf(answer)).code]).toEqual([403, "DENIED"]);
      expect(answer.headers.has("www-authenticate")).toBe(false);
    }
    expect(simulation.log).toHaveLength(0);
  });

  it("challenges with Basic where everybody needs a token", async () => {
    const { send } = await open([]);
    for (const path of ["/v2/", MANIFEST]) {
      const answer = await send(path);
      expect(answer.status).toBe(401);
      expect(answer.headers.get("www-authenticate")).toBe(
        'Basic realm="tidegate", charset="UTF-8"',
      );
    }
    expect((await send("/v2/", { headers: basic(`ci:${TOKEN}`) })).status).toBe(200);
    expect((await send("/v2/", { headers: basic("ci:wrong") })).status).toBe(401);
    expect((await send("/v2/", { headers: basic(":") })).status).toBe(401);
  });

  it("takes a token as Basic password and as Bearer", async () => {
    const { send } = await open([]);
    expect((await send(MANIFEST, { headers: basic(`any:${TOKEN}`) })).status).toBe(200);
    const headers = { authorization: `Bearer ${TOKEN}` };
    expect((await send(MANIFEST, { headers })).status).toBe(200);
  });

  it("refuses a wrong token also where nobody needs one", async () => {
    const { send, simulation } = await open(["sim/**:pull"]);
    expect((await send(MANIFEST)).status).toBe(200);
    const before = simulation.log.length;
    const headers = { authorization: "Bearer wrong" };
    expect((await send(MANIFEST, { headers })).status).toBe(401);
    expect(simulation.log).toHaveLength(before);
  });

  it("answers a caller without the right alike for what exists and what does not", async () => {
    const { send, simulation } = await open(["sim/public/**:pull"]);
    const seen = new Set<string>();
    for (const headers of [basic(":"), {}, basic(`ci:${TOKEN}`)]) {
      const name = "authorization" in headers && headers !== undefined ? headers.authorization : "";
      for (const path of ["other/app/manifests/v1", "other/none/manifests/v1"]) {
        const answer = await send(`/v2/${path}`, { headers });
        const challenge = answer.headers.get("www-authenticate")?.replace(/scope=.*/, "");
        seen.add(`${name} ${answer.status} ${challenge} ${await answer.text()}`);
      }
    }
    expect(seen.size).toBe(3); // one per caller
    expect(simulation.log).toHaveLength(0);
  });

  it("says a plain denied to a caller that answered the challenge", async () => {
    const { send } = await open([]);
    for (const headers of [basic(":"), basic(`ci:${TOKEN}`)]) {
      const answer = await send("/v2/other/app/manifests/v1", { headers });
      expect([answer.status, await errorOf(answer)]).toEqual([403, {
        code: "DENIED",
        message: "requested access to the resource is denied",
      }]);
    }
  });

  it("leads clients through the token flow where some repositories are open", async () => {
    const { send } = await open(["sim/public/**:pull"]);
    const ping = await send("/v2/");
    expect(ping.status).toBe(401);
    expect(ping.headers.get("www-authenticate")).toBe(
      'Bearer realm="https://door.test/v2/token",service="tidegate"',
    );
    const scope = "repository:acme/app:pull";
    const asked = await send(MANIFEST);
    expect(asked.headers.get("www-authenticate")).toContain(`,scope="${scope}"`);

    const anonymous = await tokenOf(await send(`/v2/token?scope=${scope}`));
    expect((await send("/v2/", bearer(anonymous))).status).toBe(200);
    expect((await send(MANIFEST, bearer(anonymous))).status).toBe(403);

    const ci = await send("/v2/token", { headers: basic(`ci:${TOKEN}`) });
    expect((await send(MANIFEST, bearer(await tokenOf(ci)))).status).toBe(200);
    const wrong = await send("/v2/token", { headers: basic("ci:wrong") });
    expect([wrong.status, wrong.headers.get("www-authenticate")]).toEqual([
      401,
      'Basic realm="tidegate", charset="UTF-8"',
    ]);
    expect((await send("/v2/token", { method: "POST" })).status).toBe(405);
  });

  it("takes writes only from those that may write", async () => {
    const { send, simulation } = await open(["sim/acme/**:pull"]);
    const digest = `sha256:${"a".repeat(64)}`;
    for (
      const [method, path] of [
        ["PUT", MANIFEST],
        ["POST", "/v2/acme/app/blobs/uploads/"],
        ["PATCH", "/v2/acme/app/blobs/uploads/session"],
      ] as const
    ) {
      expect((await send(path, { method })).status).toBe(401);
    }
    expect(simulation.log).toHaveLength(0);
    const empty = await send(MANIFEST, { method: "PUT", headers: basic(`ci:${TOKEN}`) });
    expect([empty.status, (await errorOf(empty)).code]).toEqual([400, "MANIFEST_INVALID"]);
    const path = `/v2/acme/app/manifests/${digest}`;
    const denied = await send(path, { method: "DELETE", headers: basic(`ci:${TOKEN}`) });
    expect(denied.status).toBe(403); // pull and push, not delete
    expect(simulation.log).toHaveLength(0);
  });

  it("takes nothing from those that log in that everybody has", async () => {
    const { send } = await openTestDoor({
      config: {
        access: {
          anonymous: ["sim/acme/**:pull"],
          tokens: [{ ...tokens[0] as object, allow: ["sim/other/**:pull"] }],
        },
      },
    });
    expect((await send(MANIFEST, { headers: basic(`ci:${TOKEN}`) })).status).toBe(200);
  });

  it("tells no stranger which namespaces there are", async () => {
    const { send } = await open([]);
    const statuses = async (headers: HeadersInit): Promise<readonly number[]> =>
      await Promise.all(
        ["registry.test", "other.test"].map(async (ns) =>
          (await send(`${MANIFEST}?ns=${ns}`, { headers })).status
        ),
      );
    expect(await statuses({})).toEqual([401, 401]);
    expect(await statuses(basic(`ci:${TOKEN}`))).toEqual([200, 404]);
  });

  it.each<[string, Record<string, unknown>, Record<string, string>]>([
    ["USER", { username: { secret: "USER" }, password: { secret: "PASS" } }, { USER: "a:b" }],
    ["PASS", { username: "u", password: { secret: "PASS" } }, { PASS: "" }],
    ["BEARER", { token: { secret: "BEARER" } }, { BEARER: "abc\n" }],
  ])(
    "stays closed, and says that it is %s, when a secret does not fit",
    async (key, credentials, env) => {
      const keys: unknown[] = [];
      const { send, simulation } = await openTestDoor({
        upstream: { credentials },
        env: { PASS: "secret", ...env },
        options: { observer: (event) => void ("key" in event && keys.push(event.key)) },
      });
      expect((await send(MANIFEST)).status).toBe(503);
      expect(keys).toEqual([key]);
      expect(simulation.log).toHaveLength(0);
    },
  );
});

function bearer(token: string): { readonly headers: Record<string, string> } {
  return { headers: { authorization: `Bearer ${token}` } };
}

async function tokenOf(response: Response): Promise<string> {
  return (await response.json() as { token: string }).token;
}
