import { describe, expect, it } from "vitest";
import { buildImage } from "../../../src/simulation/mod.ts";
import type { ChallengeStyle, RegistryAuth } from "../../../src/simulation/mod.ts";
import { bench, codesOf } from "./support.ts";
import type { Bench } from "./support.ts";

type BearerAuth = Extract<RegistryAuth, { mode: "bearer" }>;

async function bearerBench(changes: Partial<BearerAuth> = {}): Promise<
  Bench & { token(scope: string): Promise<string> }
> {
  const made = bench();
  const tokens = made.simulation.tokenService("auth.test", { lifetimeSeconds: 60 });
  made.registry.configure({ auth: { mode: "bearer", tokens, ...changes } });
  made.registry.add("a/b", { image: await buildImage(), tags: ["x"] });
  const token = async (scope: string): Promise<string> => {
    const url = `${tokens.realm}?service=registry.test&scope=${scope}`;
    const answer = await made.simulation.fetch(new Request(url));
    return ((await answer.json()) as { token: string }).token;
  };
  return { ...made, token };
}

const bearer = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } });

describe("registry access: bearer", () => {
  it("challenges with realm, service and scope; the right token opens, until it ends", async () => {
    const { get, token, clock } = await bearerBench();
    const refused = await get("/v2/a/b/manifests/x");
    expect(refused.headers.get("www-authenticate")).toBe(
      'Bearer realm="https://auth.test/token",service="registry.test",scope="repository:a/b:pull"',
    );
    expect(await codesOf(refused)).toEqual(["UNAUTHORIZED"]);
    const good = bearer(await token("repository:a/b:pull"));
    expect((await get("/v2/a/b/manifests/x", good)).status).toBe(200);
    expect((await get("/v2/", good)).status).toBe(200);
    clock.move(60_000);
    const late = await get("/v2/a/b/manifests/x", good);
    expect(late.headers.get("www-authenticate")).toContain('error="invalid_token"');
  });

  it("a token for something else is insufficient, or forbidden; absent looks the same", async () => {
    const { get, token, registry } = await bearerBench();
    const other = bearer(await token("repository:c:pull"));
    for (const path of ["/v2/a/b/manifests/x", "/v2/nothing/manifests/x"]) {
      const refused = await get(path, other);
      expect(refused.status).toBe(401);
      expect(refused.headers.get("www-authenticate")).toContain('error="insufficient_scope"');
    }
    registry.configure({ auth: { ...registry.settings.auth as BearerAuth, forbids: true } });
    expect((await get("/v2/a/b/manifests/x", other)).status).toBe(403);
  });

  it("a token for another service is invalid", async () => {
    const { get, token } = await bearerBench({ service: "elsewhere" });
    const foreign = bearer(await token("repository:a/b:pull"));
    expect((await get("/v2/a/b/manifests/x", foreign)).status).toBe(401);
  });

  it.each<[ChallengeStyle, string]>([
    [
      "several",
      'Negotiate, Basic realm="registry.test", Bearer realm="https://auth.test/token",service="registry.test"',
    ],
    [
      "separate",
      'Basic realm="registry.test", Bearer realm="https://auth.test/token",service="registry.test"',
    ],
    ["spaced", 'Bearer   realm = "https://auth.test/token" ,  service = "registry.test"'],
    ["unquoted", "Bearer realm=https://auth.test/token,service=registry.test"],
    ["lower-case", 'bearer REALM="https://auth.test/token",service="registry.test"'],
    ["escaped", 'Bearer realm="https://auth.test/toke\\n",service="registry.tes\\t"'],
    ["relative", 'Bearer realm="/token",service="registry.test"'],
    ["no-scope", 'Bearer realm="https://auth.test/token",service="registry.test"'],
  ])("challenge style %s", async (challenge, expected) => {
    const { get } = await bearerBench({ challenge });
    expect((await get("/v2/")).headers.get("www-authenticate")).toBe(expected);
  });

  it("a challenge may be anything", async () => {
    const challenge = (): string[] => ['Bearer realm="https://evil.test/"'];
    const { get } = await bearerBench({ challenge });
    expect((await get("/v2/")).headers.get("www-authenticate")).toContain("evil");
  });
});

describe("registry access: basic", () => {
  const auth: RegistryAuth = { mode: "basic", users: { ann: "secret" } };
  const basic = (pair: string): RequestInit => ({
    headers: { authorization: `Basic ${btoa(pair)}` },
  });

  it("users may, others are challenged, and a rule may forbid", async () => {
    const { get, registry } = bench({ auth });
    registry.add("a", { image: await buildImage(), tags: ["x"] });
    const refused = await get("/v2/a/manifests/x");
    expect([refused.status, refused.headers.get("www-authenticate")])
      .toEqual([401, 'Basic realm="Simulated Registry"']);
    expect((await get("/v2/")).status).toBe(401);
    expect((await get("/v2/a/manifests/x", basic("ann:wrong"))).status).toBe(401);
    expect((await get("/v2/a/manifests/x", basic("ann:secret"))).status).toBe(200);
    registry.configure({ auth: { ...auth, allow: (_, name) => name !== "a" } });
    const forbidden = await get("/v2/a/manifests/x", basic("ann:secret"));
    expect(await codesOf(forbidden)).toEqual(["DENIED"]);
  });
});

describe("registry: pull limit", () => {
  it("GET of a manifest counts, HEAD is free, the window starts anew", async () => {
    const rateLimit = { limit: 2, windowSeconds: 60, retryAfterSeconds: 9 };
    const { get, registry, clock } = bench({ rateLimit });
    registry.add("a", { image: await buildImage(), tags: ["x"] });
    const path = "/v2/a/manifests/x";
    await get(path);
    const head = await get(path, { method: "HEAD" });
    expect(head.headers.get("ratelimit-remaining")).toBe("1;w=60");
    await get(path);
    const over = await get(path);
    expect([over.status, over.headers.get("retry-after"), over.headers.get("ratelimit-limit")])
      .toEqual([429, "9", "2;w=60"]);
    expect(await codesOf(over)).toEqual(["TOOMANYREQUESTS"]);
    clock.move(60_000);
    expect((await get(path)).status).toBe(200);
  });
});
