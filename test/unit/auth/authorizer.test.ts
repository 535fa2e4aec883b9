import { describe, expect, it } from "vitest";
import { basicCredential, staticCredentials } from "../../../src/auth/mod.ts";
import { isTidegateError, Secret } from "../../../src/core/mod.ts";
import { resolveUpstream } from "../../../src/upstream/mod.ts";
import {
  basicChallenge,
  challenge,
  createWorld,
  type Handler,
  openKv,
  slowly,
  tokenAnswer,
} from "../../support/token_world.ts";

const REGISTRY = "https://registry.example";
const AUTH = "https://auth.example";
const REALM = `${AUTH}/token`;
const bound = resolveUpstream("registry.example", { tokenOrigins: [AUTH] });
const user = staticCredentials({ "registry.example": basicCredential("me", "password") });

/** Serves those who bring one of the tokens, challenges everybody else. */
function registry(tokens: readonly string[], extra = ""): Handler {
  return ({ authorization }) =>
    tokens.some((token) => authorization === `Bearer ${token}`)
      ? new Response("ok")
      : challenge(REALM, authorization === null ? "" : extra);
}

/** Gives out `t1`, `t2`… */
function counter(): Handler {
  let count = 0;
  return () => tokenAnswer(`t${++count}`);
}

describe("createAuthorizer()", () => {
  it("asks an unknown public realm as nobody, with the request's scope alone", async () => {
    const world = createWorld({
      servers: {
        [REGISTRY]: registry(["t1"], ',scope="repository:other/thing:pull,push"'),
        [AUTH]: counter(),
      },
    });
    expect((await world.send()).status).toBe(200);
    const [asked] = world.at(AUTH);
    expect(asked?.method).toBe("GET");
    expect(asked?.authorization).toBeNull();
    expect(asked?.url.searchParams.getAll("scope")).toEqual(["repository:acme/app:pull"]);
    expect(asked?.url.searchParams.get("service")).toBe("registry.example");
  });

  it("a fresh token costs no request, in the same process and in the next", async () => {
    const world = createWorld({ servers: { [REGISTRY]: registry(["t1"]), [AUTH]: counter() } });
    await world.send();
    await world.send();
    const next = world.restart();
    await next.send();
    expect([world.at(REGISTRY).length, world.at(AUTH).length]).toEqual([3, 1]);
    expect([next.at(REGISTRY).length, next.at(AUTH).length]).toEqual([1, 0]);
  });

  it("another process needs no 401 to fetch a token for other scopes", async () => {
    const servers = { [REGISTRY]: registry(["t1", "t2"]), [AUTH]: counter() };
    const world = createWorld({ servers });
    await world.send();
    const next = world.restart();
    await next.send({ scopes: ["repository:acme/other:pull"] });
    expect(next.seen.map(({ url }) => url.origin)).toEqual([AUTH, REGISTRY]);
  });

  it("many requests at once fetch a token once", async () => {
    const servers = { [REGISTRY]: registry(["t1"]), [AUTH]: slowly(counter()) };
    const world = createWorld({ servers });
    const all = await Promise.all(Array.from({ length: 20 }, () => world.send()));
    expect(all.every(({ status }) => status === 200)).toBe(true);
    expect(world.at(AUTH)).toHaveLength(1);
  });

  it("a waiter that is aborted leaves, the others get the token", async () => {
    let release: (response: Response) => void = () => {};
    const world = createWorld({
      servers: {
        [REGISTRY]: registry(["t1"]),
        [AUTH]: () => new Promise((resolve) => release = resolve),
      },
    });
    const abort = new AbortController();
    const leaving = world.send({ signal: abort.signal }).catch((error: unknown) => error);
    const staying = world.send();
    await expect.poll(() => world.at(AUTH).length).toBe(1);
    abort.abort("enough");
    expect(await leaving).toBe("enough");
    release(tokenAnswer("t1"));
    expect((await staying).status).toBe(200);
  });

  it("renews a token 30 seconds before its end, not sooner", async () => {
    const world = createWorld({
      servers: { [REGISTRY]: registry(["t1", "t2"]), [AUTH]: counter() },
    });
    await world.send();
    world.clock.advance(269_000);
    await world.send();
    expect(world.at(AUTH)).toHaveLength(1);
    world.clock.advance(1_000);
    await world.send();
    expect(world.at(AUTH)).toHaveLength(2);
  });

  it("a token without a lifetime is fetched at most twice a minute", async () => {
    const world = createWorld({
      servers: { [REGISTRY]: registry(["t"]), [AUTH]: () => Response.json({ token: "t" }) },
    });
    for (let second = 0; second < 600; second++) {
      expect((await world.send()).status).toBe(200);
      world.clock.advance(1000);
    }
    expect(world.at(AUTH)).toHaveLength(20);
  });

  it("drops a token that is refused and fetches another, once", async () => {
    const valid = ["t1"];
    const world = createWorld({
      servers: {
        [REGISTRY]: (seen) => registry(valid, ',error="invalid_token"')(seen),
        [AUTH]: counter(),
      },
    });
    await world.send();
    valid[0] = "t2";
    expect((await world.send()).status).toBe(200);
    expect(world.at(AUTH)).toHaveLength(2);
    valid[0] = "none";
    expect((await world.send()).status).toBe(401);
    expect(world.at(AUTH)).toHaveLength(3);
    const next = world.restart();
    await next.send();
    expect(next.at(REGISTRY)[0]?.authorization).not.toBe("Bearer t2");
  });

  it("many requests with one stale token fetch one new token", async () => {
    const valid = ["t1"];
    const world = createWorld({
      servers: { [REGISTRY]: (seen) => registry(valid)(seen), [AUTH]: slowly(counter()) },
    });
    await world.send();
    valid[0] = "t2";
    const all = await Promise.all(Array.from({ length: 10 }, () => world.send()));
    expect(all.every(({ status }) => status === 200)).toBe(true);
    expect(world.at(AUTH)).toHaveLength(2);
  });

  it("stops after three tries whatever the registry says", async () => {
    let n = 0;
    const world = createWorld({
      servers: {
        [REGISTRY]: () =>
          challenge(REALM, `,error="insufficient_scope",scope="repository:a/b${n++}:pull"`),
        [AUTH]: counter(),
      },
    });
    expect((await world.send()).status).toBe(401);
    expect(world.at(AUTH).length).toBeLessThanOrEqual(3);
    expect(world.at(REGISTRY).length).toBeLessThanOrEqual(4);
  });
});

describe("createAuthorizer() with a credential", () => {
  it("sends it to the pinned token endpoint and nowhere else", async () => {
    const world = createWorld({
      upstream: bound,
      credentials: user,
      servers: { [REGISTRY]: registry(["t1"]), [AUTH]: counter() },
    });
    expect((await world.send()).status).toBe(200);
    expect(world.at(AUTH)[0]?.authorization).toBe(`Basic ${btoa("me:password")}`);
    expect(world.at(REGISTRY).map(({ authorization }) => authorization)).toEqual([
      null,
      "Bearer t1",
    ]);
  });

  it("withholds it from a realm that is not configured: an error that names the line", async () => {
    const world = createWorld({
      credentials: user,
      servers: { [REGISTRY]: registry(["t1"]), [AUTH]: counter() },
    });
    const error = await world.send().catch((caught: unknown) => caught);
    if (!isTidegateError(error, "ORIGIN_NOT_TRUSTED")) throw error;
    expect(error.details).toEqual({
      use: "realm",
      origin: REGISTRY,
      target: AUTH,
      allow: `"tokenOrigins": ["${AUTH}"] in upstream "registry.example"`,
    });
    expect(world.at(AUTH)).toHaveLength(0);
    expect(world.events.some(({ type }) => type === "origin.refused")).toBe(true);
  });

  it("judges the realm again at every challenge", async () => {
    let realm = REALM;
    const evil = "https://evil.test";
    let valid = "t1";
    const world = createWorld({
      upstream: bound,
      credentials: user,
      servers: {
        [REGISTRY]: ({ authorization }) =>
          authorization === `Bearer ${valid}` ? new Response("ok") : challenge(realm),
        [AUTH]: counter(),
        [evil]: counter(),
      },
    });
    await world.send();
    realm = `${evil}/token`;
    valid = "none";
    const error = await world.send().catch((caught: unknown) => caught);
    expect(isTidegateError(error, "ORIGIN_NOT_TRUSTED")).toBe(true);
    expect(world.at(evil)).toHaveLength(0);
    const key = { upstream: bound, provider: user.id, scopes: ["repository:acme/app:pull"] };
    const credential = await user.get(bound);
    expect(await world.tokens.get({ ...key, credential })).toBeUndefined();
  });

  it("judges every hop of a redirect of the token endpoint", async () => {
    const evil = "https://evil.test";
    const hop = (to: string): Response =>
      new Response(null, { status: 307, headers: { location: to } });
    const world = (target: string): ReturnType<typeof createWorld> =>
      createWorld({
        upstream: bound,
        credentials: user,
        servers: {
          [REGISTRY]: registry(["t1"]),
          [AUTH]: ({ url }) => url.pathname === "/token" ? hop(target) : tokenAnswer("t1"),
          [evil]: counter(),
        },
      });
    expect((await world("/other").send()).status).toBe(200);
    const trap = world(`${evil}/token`);
    const error = await trap.send().catch((caught: unknown) => caught);
    expect(isTidegateError(error, "ORIGIN_NOT_TRUSTED")).toBe(true);
    expect(trap.at(evil)).toHaveLength(0);
    const loop = await world("/token").send().catch((caught: unknown) => caught);
    expect(isTidegateError(loop, "UNEXPECTED_RESPONSE")).toBe(true);
  });

  it("a realm with a backslash leads nowhere, though the URL parser would take it", async () => {
    const world = createWorld({
      servers: {
        [REGISTRY]: () => challenge(String.raw`\\\\evil.test\\x`),
        "https://evil.test": () => tokenAnswer("t1"),
      },
    });
    await expect(world.send()).rejects.toMatchObject({ code: "INVALID_RESPONSE" });
    expect(world.at("https://evil.test")).toEqual([]);
  });

  it("a relative realm is the registry's own", async () => {
    const world = createWorld({
      credentials: user,
      servers: {
        [REGISTRY]: ({ url, authorization }) =>
          url.pathname === "/auth"
            ? tokenAnswer("t1")
            : authorization === "Bearer t1"
            ? new Response("ok")
            : challenge("/auth"),
      },
    });
    expect((await world.send()).status).toBe(200);
    expect(world.seen[1]?.authorization).toBe(`Basic ${btoa("me:password")}`);
  });

  it("answers Basic only when challenged with it, then without being asked again", async () => {
    const basic = `Basic ${btoa("me:password")}`;
    const world = createWorld({
      credentials: user,
      servers: {
        [REGISTRY]: ({ authorization }) =>
          authorization === basic ? new Response("ok") : basicChallenge(),
      },
    });
    await world.send();
    await world.send();
    await world.restart().send();
    expect(world.seen.map(({ authorization }) => authorization)).toEqual([null, basic, basic]);
  });

  it("a wrong password is tried once, and Basic without a credential never", async () => {
    const servers = { [REGISTRY]: basicChallenge };
    const world = createWorld({ credentials: user, servers });
    expect((await world.send()).status).toBe(401);
    expect(world.seen).toHaveLength(2);
    const nobody = createWorld({ servers });
    expect((await nobody.send()).status).toBe(401);
    expect(nobody.seen).toHaveLength(1);
  });

  it("a password that the token endpoint refuses is sent once a request", async () => {
    const servers: Record<string, Handler> = {
      [REGISTRY]: registry([]),
      [AUTH]: () => new Response(null, { status: 401 }),
    };
    const world = createWorld({ upstream: bound, credentials: user, servers });
    for (let n = 1; n <= 4; n++) {
      await expect(world.send()).rejects.toMatchObject({ code: "UNAUTHORIZED" });
      expect(world.at(AUTH)).toHaveLength(n);
    }
  });

  it("a token fetched for a request and refused is not fetched again, unless the realm moved", async () => {
    const elsewhere = "https://other.example";
    let realm = REALM;
    const good = () => tokenAnswer("good");
    const world = createWorld({
      servers: {
        [REGISTRY]: ({ authorization }) =>
          authorization === "Bearer good" ? new Response("ok") : challenge(realm),
        [AUTH]: counter(),
        [elsewhere]: good,
      },
    });
    for (let n = 1; n <= 3; n++) {
      expect((await world.send()).status).toBe(401);
      expect(world.at(AUTH)).toHaveLength(n);
    }
    realm = `${elsewhere}/token`;
    expect((await world.send()).status).toBe(200);
  });

  it("prefers Bearer to Basic, whatever their order, and skips Negotiate", async () => {
    const header = `Negotiate abc=, Basic realm="x", Bearer realm="${REALM}",service="s"`;
    const world = createWorld({
      upstream: bound,
      credentials: user,
      servers: {
        [REGISTRY]: ({ authorization }) =>
          authorization === "Bearer t1" ? new Response("ok") : new Response(null, {
            status: 401,
            headers: { "www-authenticate": header },
          }),
        [AUTH]: counter(),
      },
    });
    expect((await world.send()).status).toBe(200);
    expect(world.at(REGISTRY)).toHaveLength(2);
  });

  it("sends nothing to another origin, whoever challenges there", async () => {
    const world = createWorld({ upstream: bound, credentials: user, servers: {} });
    const request = {
      method: "GET" as const,
      url: "https://evil.test/v2/",
      headers: {},
      kind: "ping" as const,
      scopes: [],
    };
    await world.tokens.putChallenge(bound, { scheme: "basic" });
    expect(await world.authorizer.authorization(request)).toBeUndefined();
    const { status, headers } = basicChallenge();
    const response = { status, headers, url: request.url };
    expect(await world.authorizer.answer(request, response, undefined)).toBeUndefined();
    expect(world.seen).toHaveLength(0);
  });

  it("a registry token is used as it is, without exchange, once challenged", async () => {
    const token = staticCredentials({
      "registry.example": { kind: "bearer", token: new Secret("raw") },
    });
    const world = createWorld({
      credentials: token,
      servers: { [REGISTRY]: registry(["raw"]) },
    });
    expect((await world.send()).status).toBe(200);
    await world.send();
    expect(world.seen.map(({ authorization }) => authorization)).toEqual([
      null,
      "Bearer raw",
      "Bearer raw",
    ]);
  });
});

describe("createAuthorizer() for several identities over one store", () => {
  it("each request carries its own identity's token, however they interleave", async () => {
    const kv = openKv();
    const served: string[] = [];
    const servers = {
      [REGISTRY]: ({ authorization }: { authorization: string | null }) => {
        if (authorization === null) return challenge(REALM);
        served.push(authorization);
        return new Response(authorization);
      },
      // the token tells whose it is
      [AUTH]: ({ authorization }: { authorization: string | null }) =>
        tokenAnswer(authorization === null ? "nobody" : atob(authorization.slice(6))),
    };
    const identities = ["me:one", "me:two", "you:one", undefined];
    const send = async (i: number): Promise<void> => {
      const identity = identities[i % identities.length];
      const [name = "", password = ""] = identity?.split(":") ?? [];
      const credentials = staticCredentials(
        identity === undefined ? {} : { "registry.example": basicCredential(name, password) },
      );
      // a process of its own for each request, as on Workers
      const world = createWorld({ upstream: bound, credentials, servers, kv });
      const response = await world.send();
      expect(await response.text()).toBe(`Bearer ${identity ?? "nobody"}`);
    };
    for (let round = 0; round < 25; round++) {
      await Promise.all(Array.from({ length: 20 }, (_, i) => send(i)));
    }
    expect(served).toHaveLength(500);
  });
});

describe("createAuthorizer() and scopes", () => {
  const insufficient = (scope: string): string => `,error="insufficient_scope",scope="${scope}"`;

  it("follows the server's scope once when it asks for no more", async () => {
    const world = createWorld({
      servers: {
        [REGISTRY]: registry(["t2"], insufficient("repository:proxy/acme/app:pull")),
        [AUTH]: counter(),
      },
    });
    expect((await world.send()).status).toBe(200);
    expect(world.at(AUTH).map(({ url }) => url.searchParams.getAll("scope"))).toEqual([
      ["repository:acme/app:pull"],
      ["repository:proxy/acme/app:pull"],
    ]);
    await world.send(); // and remembers it
    expect(world.at(AUTH)).toHaveLength(2);
  });

  const more = [
    "repository:acme/app:pull,push",
    "repository:acme/app:push",
    "repository:acme/app:delete",
    "repository:other/app:pull,push",
    "repository:acme/app:*",
    "registry:catalog:*",
    "registry:catalog:pull",
    "repository:acme/app:pull repository:other/app:push",
  ];
  for (const scope of more) {
    it(`does not follow a scope that asks for more: ${scope}`, async () => {
      const world = createWorld({
        servers: { [REGISTRY]: registry(["t9"], insufficient(scope)), [AUTH]: counter() },
      });
      expect((await world.send()).status).toBe(401);
      for (const { url } of world.at(AUTH)) {
        expect(url.searchParams.getAll("scope")).toEqual(["repository:acme/app:pull"]);
      }
    });
  }

  it("merges a request's scopes per repository and keeps their order", async () => {
    const world = createWorld({ servers: { [REGISTRY]: registry(["t1"]), [AUTH]: counter() } });
    await world.send({
      scopes: ["repository:b:push", "repository:a:pull", "repository:b:pull"],
    });
    expect(world.at(AUTH)[0]?.url.searchParams.getAll("scope")).toEqual([
      "repository:b:pull,push",
      "repository:a:pull",
    ]);
  });

  it("a token is found again whatever the order of scopes, and never for others", async () => {
    const world = createWorld({
      servers: { [REGISTRY]: registry(["t1", "t2", "t3"]), [AUTH]: counter() },
    });
    await world.send({ scopes: ["repository:a:pull", "repository:b:pull"] });
    await world.restart().send({ scopes: ["repository:b:pull", "repository:a:pull"] });
    expect(world.at(AUTH)).toHaveLength(1);
    const other = world.restart();
    await other.send({ scopes: ["repository:a:pull"] });
    await other.send({ scopes: ["repository:a:pull,push"] });
    expect(other.at(AUTH)).toHaveLength(2);
  });
});
