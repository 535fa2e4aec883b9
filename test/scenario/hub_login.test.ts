import { describe, expect, it } from "vitest";
import { type Credential, staticCredentials } from "../../src/auth/mod.ts";
import { Secret, TidegateError } from "../../src/core/mod.ts";
import { type KvStore, memoryKv } from "../../src/kv/mod.ts";
import { requestText } from "../../src/simulation/mod.ts";
import { ACCESS_TOKEN, createHubScenario, PASSWORD } from "../support/hub_scenario.ts";
import { openKv } from "../support/token_world.ts";

const BOB = { username: "bob", password: PASSWORD };

describe("login()", () => {
  it.each([404, 405, 410, 501])("falls back to the login of old after %i", async (status) => {
    const { ann, hub, run, trail } = createHubScenario();
    hub.api.configure({ authToken: status });
    expect(await run(ann().login())).toMatchObject({ phase: "valid" });
    expect(trail().map((line) => line.split(" ")[1])).toEqual([
      "/v2/auth/token",
      "/v2/users/login",
    ]);
  });

  it.each([400, 403, 418])("does not fall back after %i", async (status) => {
    const { ann, hub, run, trail } = createHubScenario();
    hub.api.configure({ authToken: status });
    await expect(run(ann().login())).rejects.toBeInstanceOf(TidegateError);
    expect(trail()).toHaveLength(1);
  });

  it("shows a refused password to the second login, for the word of a second factor", async () => {
    const { client, run, trail } = createHubScenario();
    const error: unknown = await run(client(BOB).login()).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "TWO_FACTOR_REQUIRED" });
    expect(trail()).toEqual(["POST /v2/auth/token 401", "POST /v2/users/login 401"]);
    expect(String(error) + JSON.stringify(error)).not.toMatch(/2fa-|canary/);
  });

  it("wants the code again when the session of a code has ended", async () => {
    const { client, clock, hub, run } = createHubScenario();
    hub.api.add("acme/app");
    const bob = client(BOB);
    const error = await run(bob.login()).catch((error: unknown) => error);
    const { loginToken } = (error as TidegateError<"TWO_FACTOR_REQUIRED">).details;
    await run(bob.login({ loginToken, code: "123456" }));
    expect(await run(bob.repositories.get("acme/app"))).toMatchObject({ name: "app" });
    await clock.advance(601_000);
    expect(bob.loginStatus().phase).toBe("expired");
    await expect(run(bob.repositories.get("acme/app"))).rejects.toMatchObject({
      code: "TWO_FACTOR_REQUIRED",
    });
  });

  it("costs one login when its token was revoked, over a store that takes its time", async () => {
    const { ann, clock, hub, run, trail } = createHubScenario();
    hub.api.add("acme/app");
    const kv = openKv();
    let turn = 0;
    const wait = (): Promise<void> => clock.sleep(turn = (turn * 5 + 3) % 7);
    const slow: KvStore = {
      get: async (key) => {
        const value = await kv.get(key);
        await wait();
        return value;
      },
      put: (...args) => wait().then(() => kv.put(...args)),
      delete: (key) => wait().then(() => kv.delete(key)),
    };
    const client = ann({ kv: slow });
    const logins = (): number => trail().filter((line) => line.includes("/auth/token")).length;
    for (let round = 1; round <= 4; round++) {
      const calls = Array.from(
        { length: 50 },
        (_, i) => clock.sleep(i % 9).then(() => client.repositories.get("acme/app")),
      );
      await run(Promise.all(calls));
      expect(logins()).toBe(round);
      hub.api.revokeAll();
    }
  });

  it("does not show a refused secret again for half a minute, unless it is asked to", async () => {
    const { client, clock, run, trail } = createHubScenario();
    const wrong = client({ username: "ann", accessToken: "dckr_pat_wrong" });
    const call = (): Promise<unknown> => run(wrong.repositories.get("acme/app"));
    for (let i = 0; i < 5; i++) {
      await expect(call()).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    }
    expect(trail()).toHaveLength(1);
    await expect(run(wrong.login())).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    expect(trail()).toHaveLength(2);
    await clock.advance(30_000);
    await expect(call()).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    expect(trail()).toHaveLength(3);
  });

  it("uses the old token while a new one cannot be had", async () => {
    const { ann, clock, hub, run, simulation, trail } = createHubScenario();
    hub.api.add("acme/app");
    const client = ann({ transport: { retry: { attempts: 1 } } });
    await run(client.repositories.get("acme/app"));
    await clock.advance(580_000);
    simulation.faults.add({ path: "/v2/auth/token", action: { kind: "answer", status: 503 } });
    for (let i = 0; i < 3; i++) {
      expect(await run(client.repositories.get("acme/app"))).toMatchObject({ name: "app" });
    }
    // one try, and then none for five seconds
    expect(trail().filter((line) => line.startsWith("POST"))).toHaveLength(2);
    await clock.advance(30_000);
    await expect(run(client.repositories.get("acme/app"))).rejects.toMatchObject({
      code: "SERVER_ERROR",
    });
  });

  it("repeats a login after a 503, as two tokens do no harm", async () => {
    const { ann, run, simulation, trail } = createHubScenario();
    simulation.faults.add({
      path: "/v2/auth/token",
      first: 2,
      action: { kind: "answer", status: 503 },
    });
    await run(ann().login());
    expect(trail()).toHaveLength(3);
  });

  it("makes one login for a thousand calls, and one more when all its tokens are revoked", async () => {
    const { ann, hub, run } = createHubScenario();
    hub.api.add("acme/app");
    const client = ann();
    const calls = (): Promise<unknown> =>
      run(Promise.all(Array.from({ length: 1000 }, () => client.repositories.get("acme/app"))));
    await calls();
    expect(hub.api.issued).toHaveLength(1);
    hub.api.revokeAll();
    await calls();
    expect(hub.api.issued).toHaveLength(2);
  });

  it("does not take a refused token back from a store that is slow to forget it", async () => {
    const { clock, hub, run, ...scenario } = createHubScenario();
    hub.api.add("acme/app");
    const kv = memoryKv({ clock });
    const forgets = async (name: string): Promise<void> => {
      await clock.sleep(2000);
      await kv.delete(name);
    };
    const slow = { ...kv, delete: forgets };
    const client = scenario.ann({ kv: slow });
    const calls = (): Promise<unknown> =>
      run(Promise.all(Array.from({ length: 5 }, () => client.repositories.get("acme/app"))));
    await calls();
    hub.api.revokeAll();
    await calls();
    expect(hub.api.issued).toHaveLength(2);
    await run(scenario.ann({ kv: slow }).repositories.get("acme/app"));
    expect(hub.api.issued).toHaveLength(2);
  });

  it("takes none of the refused tokens back from a store that answers from a cache", async () => {
    const { ann, clock, hub, run } = createHubScenario();
    hub.api.add("acme/app");
    const kv = memoryKv({ clock });
    const old = new Map<string, Uint8Array<ArrayBuffer> | undefined>();
    const stale: KvStore = {
      ...kv,
      async get(key): Promise<Uint8Array<ArrayBuffer> | undefined> {
        if (old.get(key) === undefined) old.set(key, await kv.get(key));
        return old.get(key);
      },
    };
    await run(ann({ kv }).login());
    const client = ann({ kv: stale });
    for (let i = 1; i <= 3; i++) {
      await run(client.repositories.get("acme/app"));
      expect(hub.api.issued).toHaveLength(i);
      hub.api.revokeAll();
      await clock.advance(1000);
    }
  });

  it("never repeats as nobody what was asked as somebody", async () => {
    const { ann, hub, run, simulation } = createHubScenario();
    hub.api.add("acme/secret", { isPrivate: true });
    const client = ann();
    await run(client.login());
    hub.api.revokeAll();
    simulation.faults.add(
      { path: "*/secret", nth: 2, action: { kind: "answer", status: 503 } },
      { path: "/v2/auth/token", action: { kind: "delay", ms: 5000 } },
    );
    const both = [client.repositories.get("acme/secret"), client.repositories.get("acme/secret")];
    expect(await run(Promise.all(both))).toHaveLength(2);
    const calls = simulation.log.filter(({ target }) => target.endsWith("/secret"));
    expect(calls.every(({ headers }) => headers["authorization"] !== undefined)).toBe(true);
  });

  it("keeps the new token when the old one is refused late", async () => {
    const { ann, hub, run, simulation } = createHubScenario();
    hub.api.add("acme/app");
    const client = ann();
    await run(client.login());
    hub.api.revokeAll();
    simulation.faults.add({ path: "*/app", nth: 1, action: { kind: "delay", ms: 5000 } });
    const late = client.repositories.get("acme/app");
    await run(client.repositories.get("acme/app"));
    expect(await run(late)).toMatchObject({ name: "app" });
    expect(hub.api.issued).toHaveLength(2);
  });

  it.each([
    ["an HTML page", { status: 200, body: "<!doctype html><title>Just a moment</title>" }],
    ["no token", { status: 200, body: "{}" }],
    ["a token that would break the header", { status: 200, body: '{"token":"a\\r\\nb"}' }],
    ["an echo", { status: 400, body: `{"detail":"you sent ${ACCESS_TOKEN}"}` }],
  ])("shows nothing of %s", async (_, answer) => {
    const { ann, run, simulation } = createHubScenario();
    simulation.faults.add({ path: "/v2/auth/token", action: { kind: "answer", ...answer } });
    const error: unknown = await run(ann().login()).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(TidegateError);
    expect(JSON.stringify(error) + String(error)).not.toMatch(/canary|moment/);
  });

  it.each([301, 302, 303, 307, 308])("sends no secret after a redirect %i", async (status) => {
    const { ann, run, simulation } = createHubScenario();
    const trap = simulation.trap("evil.test", { status: 200, body: '{"token":"x"}' });
    const headers = { location: "https://evil.test/v2/auth/token" };
    simulation.faults.add({
      path: "/v2/auth/token",
      action: { kind: "answer", status, headers, body: "" },
    });
    await expect(run(ann().login())).rejects.toMatchObject({ code: "ORIGIN_NOT_TRUSTED" });
    expect(simulation.log.filter(({ host }) => host === trap.origin)).toEqual([]);
  });

  it("takes a token that is one already, until it ends", async () => {
    const { ann, client, clock, hub, run } = createHubScenario();
    hub.api.add("acme/secret", { isPrivate: true });
    await run(ann().login());
    const credential: Credential = { kind: "bearer", token: new Secret(hub.api.issued[0] ?? "") };
    const given = client({ credentials: staticCredentials({ "hub.docker.com": credential }) });
    expect(await run(given.repositories.get("acme/secret"))).toMatchObject({ isPrivate: true });
    await clock.advance(600_000);
    await expect(run(given.repositories.get("acme/secret"))).rejects.toMatchObject({
      code: "TOKEN_EXPIRED",
    });
  });

  it("takes no refresh token of the registry for a login", async () => {
    const { client, run } = createHubScenario();
    const credential: Credential = { kind: "identity", token: new Secret("x") };
    const given = client({ credentials: staticCredentials({ "docker.io": credential }) });
    await expect(run(given.login())).rejects.toMatchObject({ code: "CREDENTIALS" });
    await expect(run(client().login())).rejects.toMatchObject({ code: "CREDENTIALS" });
  });

  it("ends with the caller's signal, and leaves the login to the others", async () => {
    const { ann, hub, run, simulation } = createHubScenario();
    hub.api.add("acme/app");
    simulation.faults.add({ path: "/v2/auth/token", action: { kind: "delay", ms: 5000 } });
    const client = ann();
    const stop = new AbortController();
    const first = client.login({ signal: stop.signal }).catch((error: unknown) => error);
    const second = client.repositories.get("acme/app");
    stop.abort(new Error("enough"));
    expect(await run(first)).toMatchObject({ message: "enough" });
    expect(await run(second)).toMatchObject({ name: "app" });
    expect(hub.api.issued).toHaveLength(1);
  });

  it.each([{ code: "1" }, { loginToken: new Secret("x") }])(
    "refuses half a step: %j",
    async (half) => {
      await expect(createHubScenario().ann().login(half)).rejects.toBeInstanceOf(TypeError);
    },
  );

  it("sends the secret in the body of the login alone, and the token to the API alone", async () => {
    const { ann, hub, run, simulation } = createHubScenario();
    hub.api.add("acme/app");
    await run(ann().repositories.get("acme/app"));
    const [login, call, ...more] = simulation.log.map(requestText);
    expect(more).toEqual([]);
    expect(login?.split("\n\n")[0]).not.toContain(ACCESS_TOKEN);
    expect(login).toContain(ACCESS_TOKEN);
    expect(call).toContain(`authorization: Bearer ${hub.api.issued[0]}`);
    expect(call).not.toContain(ACCESS_TOKEN);
  });
});
