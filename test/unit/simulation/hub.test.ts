import { describe, expect, it } from "vitest";
import { buildImage, createSimulation, dockerHub } from "../../../src/simulation/mod.ts";
import type { SimulatedDockerHub, Simulation } from "../../../src/simulation/mod.ts";
import { createVirtualClock } from "../../support/virtual_clock.ts";

const HUB = "https://hub.docker.com";

interface Bench {
  readonly simulation: Simulation;
  readonly hub: SimulatedDockerHub;
  ask(path: string, init?: RequestInit, token?: string): Promise<Response>;
  post(path: string, body: unknown, token?: string): Promise<Response>;
  login(identifier: string, secret: string): Promise<string>;
}

function bench(options: Parameters<typeof dockerHub>[1] = {}): Bench {
  const simulation = createSimulation({ clock: createVirtualClock() });
  const hub = dockerHub(simulation, {
    users: {
      ann: { password: "p", accessTokens: { read: "read", all: "admin" }, memberOf: ["acme"] },
      bob: { password: "p", secondFactor: "123" },
    },
    ...options,
  });
  const ask: Bench["ask"] = (path, init = {}, token) => {
    const headers = new Headers(init.headers);
    if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
    return simulation.fetch(new Request(HUB + path, { ...init, headers }));
  };
  const post: Bench["post"] = (path, body, token) =>
    ask(path, { method: "POST", body: JSON.stringify(body) }, token);
  return {
    ...{ simulation, hub, ask, post },
    async login(identifier, secret): Promise<string> {
      const answer = await post("/v2/auth/token", { identifier, secret });
      return (await answer.json() as { access_token: string }).access_token;
    },
  };
}

describe("the simulated login of Docker Hub", () => {
  it("gives a JWT that tells its end, and works until then", async () => {
    const { ask, hub, login, simulation } = bench();
    hub.api.add("acme/secret", { isPrivate: true });
    const token = await login("ann", "p");
    const claims = JSON.parse(atob(token.split(".")[1] ?? "")) as { exp: number; iat: number };
    expect(claims.exp - claims.iat).toBe(600);
    const path = "/v2/namespaces/acme/repositories/secret";
    expect((await ask(path)).status).toBe(404);
    expect((await ask(path, {}, token)).status).toBe(200);
    await (simulation.clock as ReturnType<typeof createVirtualClock>).advance(600_000);
    expect((await ask(path, {}, token)).status).toBe(401);
  });

  it("says that there is a second factor at the login of old alone", async () => {
    const { post } = bench();
    const first = await post("/v2/auth/token", { identifier: "bob", secret: "p" });
    expect([first.status, await first.json()]).toEqual([401, {
      detail: "incorrect username or password",
    }]);
    const second = await post("/v2/users/login", { username: "bob", password: "p" });
    const { login_2fa_token } = await second.json() as { login_2fa_token: string };
    const code = (code: string): Promise<Response> =>
      post("/v2/users/2fa-login", { login_2fa_token, code });
    expect((await code("000")).status).toBe(401);
    expect((await code("123")).status).toBe(200);
    expect((await code("123")).status).toBe(401); // once
  });

  it.each([["ann", "wrong"], ["constructor", "p"], ["nobody", "p"]])(
    "refuses %s with %s",
    async (username, password) => {
      const { post } = bench();
      expect((await post("/v2/users/login", { username, password })).status).toBe(401);
      expect((await post("/v2/auth/token", { identifier: username, secret: password })).status)
        .toBe(401);
    },
  );

  it("refuses a body that is no JSON", async () => {
    const { ask } = bench();
    const answer = await ask("/v2/users/login", { method: "POST", body: "{" });
    expect(answer.status).toBe(401);
  });
});

describe("the simulated API of Docker Hub", () => {
  it("lets a token do what its scope says", async () => {
    const { ask, hub, login, post } = bench();
    hub.api.add("acme/app");
    const path = "/v2/repositories/acme/app/";
    expect((await ask(path, { method: "DELETE" })).status).toBe(401);
    expect((await ask(path, { method: "DELETE" }, await login("ann", "read"))).status).toBe(403);
    expect((await post("/v2/namespaces/other/repositories", {}, await login("ann", "all"))).status)
      .toBe(403);
    expect((await ask(path, { method: "DELETE" }, await login("ann", "all"))).status).toBe(202);
    expect(hub.api.repositories.size).toBe(0);
  });

  it("refuses a repository that is there, or is none", async () => {
    const { hub, login, post } = bench();
    hub.api.add("acme/app");
    const token = await login("ann", "all");
    const make = async (name: string): Promise<number> =>
      (await post("/v2/namespaces/acme/repositories", { name }, token)).status;
    expect([await make("app"), await make("A B"), await make("new")]).toEqual([400, 400, 201]);
    expect(() => hub.api.add("app")).toThrow(TypeError);
  });

  it("pages with absolute links, up to 100 a page", async () => {
    const { ask, hub } = bench();
    for (let i = 0; i < 3; i++) hub.api.add(`acme/r${i}`);
    const path = "/v2/namespaces/acme/repositories";
    const first = await (await ask(`${path}?page_size=2`)).json() as { next: string };
    expect(first).toMatchObject({ count: 3, previous: null });
    expect(first.next).toBe(`${HUB}${path}?page_size=2&page=2`);
    const last = await (await ask(first.next.slice(HUB.length))).json();
    expect(last).toMatchObject({ next: null, results: [{ name: "r2" }] });
    expect((await ask(`${path}?page_size=2&page=3`)).status).toBe(404);
    expect((await ask(`${path}?page_size=101`)).status).toBe(400);
  });

  it("counts calls by the window, apart from pulls", async () => {
    const { ask, hub, simulation } = bench({ api: { rateLimit: { limit: 2, windowSeconds: 60 } } });
    hub.api.add("acme/app");
    const call = (): Promise<Response> => ask("/v2/namespaces/acme/repositories/app");
    const left = [];
    for (let i = 0; i < 3; i++) left.push((await call()).headers.get("x-ratelimit-remaining"));
    expect(left).toEqual(["1", "0", "0"]);
    const refused = await call();
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "60"]);
    await (simulation.clock as ReturnType<typeof createVirtualClock>).advance(60_000);
    expect((await call()).status).toBe(200);
  });

  it("knows no other endpoint", async () => {
    expect((await bench().ask("/v2/repositories/acme/app/images")).status).toBe(404);
  });
});

describe("the simulated registry of Docker Hub", () => {
  it("counts pulls by account, and by address for the others", async () => {
    const pulls = { limit: 2, windowSeconds: 60, users: { ann: 5, acme: Infinity } };
    const { hub, simulation } = bench({
      pulls,
      users: {
        ann: { password: "p" },
        acme: { accessTokens: { oat: "read" } },
        bob: { password: "p" },
      },
    });
    hub.add("acme/app", { image: await buildImage(), tags: ["v1"] });
    const pull = async (user?: string, password = "p"): Promise<(string | number | null)[]> => {
      const scope = "service=registry.docker.io&scope=repository:acme/app:pull";
      const basic = { authorization: `Basic ${btoa(`${user}:${password}`)}` };
      const got = await simulation.fetch(
        new Request(`${hub.tokens.realm}?${scope}`, { headers: user === undefined ? {} : basic }),
      );
      const { token } = await got.json() as { token: string };
      const answer = await simulation.fetch(
        new Request(`${hub.registry.origin}/v2/acme/app/manifests/v1`, {
          headers: { authorization: `Bearer ${token}` },
        }),
      );
      return [
        answer.status,
        answer.headers.get("ratelimit-remaining"),
        answer.headers.get("docker-ratelimit-source"),
      ];
    };
    expect(await pull()).toEqual([200, "1;w=60", "192.0.2.1"]);
    expect(await pull("bob")).toEqual([200, "0;w=60", "192.0.2.1"]);
    expect((await pull())[0]).toBe(429);
    expect(await pull("ann")).toEqual([200, "4;w=60", "ann"]);
    expect(await pull("acme", "oat")).toEqual([200, null, null]);
  });
});
