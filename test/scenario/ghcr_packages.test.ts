import { describe, expect, it } from "vitest";
import { refreshedCredentials } from "../../src/ghcr/mod.ts";
import { buildImage, sightings } from "../../src/simulation/mod.ts";
import { APP, collect, createGhcrScenario, PAT } from "../support/ghcr_scenario.ts";
import type { GhcrScenario } from "../support/ghcr_scenario.ts";

const ACME = { kind: "org", name: "acme" } as const;
const OCTOCAT = { kind: "user", name: "octocat" } as const;
const ME = { kind: "authenticated" } as const;

async function withImages(scenario: GhcrScenario, count = 5): Promise<string[]> {
  const digests: string[] = [];
  for (let i = 0; i < count; i++) {
    const image = await buildImage({ seed: i + 1 });
    digests.push(image.digest);
    scenario.ghcr.add("acme/app", { image, tags: [`v${i}`] });
    scenario.ghcr.add("octocat/a/b", { image, tags: [`v${i}`] });
  }
  return digests;
}

describe("packages", () => {
  it.each([ACME, OCTOCAT, ME])("lists packages and versions of %j in pages", async (owner) => {
    const scenario = createGhcrScenario();
    const { client, run } = scenario;
    const digests = await withImages(scenario);
    const [found] = await run(collect(client.packages.list(owner)));
    expect(found).toMatchObject({ visibility: "private", versionCount: 5 });
    const name = owner.kind === "org" ? "app" : "a/b";
    expect(found?.name).toBe(name);
    const versions = await run(collect(client.packages.versions(owner, name, { pageSize: 2 })));
    expect(versions.map(({ digest }) => digest)).toEqual(digests.toReversed());
    expect(scenario.apiTrail().filter((line) => line.includes("per_page=2"))).toHaveLength(3);
  });

  it.each([ACME, OCTOCAT, ME])(
    "deletes and restores versions and packages of %j",
    async (owner) => {
      const scenario = createGhcrScenario();
      const { client: { packages }, run } = scenario;
      await withImages(scenario, 2);
      const name = owner.kind === "org" ? "app" : "a/b";
      const [{ id } = { id: 0 }] = await run(collect(packages.versions(owner, name)));
      expect(await run(packages.tags(owner, name, id))).toEqual(["v1"]);
      await run(packages.deleteVersion(owner, name, id));
      await expect(run(packages.getVersion(owner, name, id))).rejects.toMatchObject({
        code: "NOT_FOUND",
      });
      const deleted = await run(collect(packages.versions(owner, name, { state: "deleted" })));
      expect(deleted).toMatchObject([{ id, deletedAt: expect.any(Number) }]);
      await run(packages.restoreVersion(owner, name, id));
      expect(await run(packages.tags(owner, name, id))).toEqual(["v1"]);
      await run(packages.delete(owner, name));
      await expect(run(packages.get(owner, name))).rejects.toMatchObject({ code: "NOT_FOUND" });
      await run(packages.restore(owner, name));
      expect(await run(packages.get(owner, name))).toMatchObject({ name, versionCount: 2 });
    },
  );

  it("finds and deletes an image by tag and by digest, with its other tags only if told", async () => {
    const scenario = createGhcrScenario();
    const { client, ghcr, run } = scenario;
    await withImages(scenario, 3);
    const image = await buildImage({ seed: 9 });
    ghcr.add("acme/app", { image, tags: ["a", "b"] });
    const ref = { ...APP, tag: "a" };
    await expect(run(client.packages.deleteImage(ref))).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringContaining("b"),
    });
    await run(client.packages.deleteImage(ref, { withOtherTags: true }));
    expect([...ghcr.repository("acme/app").tags.keys()]).toEqual(["v0", "v1", "v2"]);
    const { digest } = await run(client.manifests.get({ ...APP, tag: "v1" }));
    await run(client.packages.deleteImage({ ...APP, digest }));
    await expect(run(client.packages.find({ ...APP, digest }))).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    expect(await run(client.tags.list(APP)[Symbol.asyncIterator]().next())).toMatchObject({
      value: "v0",
    });
  });

  it("tells why GitHub refuses to delete the last version", async () => {
    const scenario = createGhcrScenario();
    await withImages(scenario, 1);
    const deletion = scenario.client.packages.deleteImage({ ...APP, tag: "v0" });
    await expect(scenario.run(deletion)).rejects.toMatchObject({
      code: "UNEXPECTED_RESPONSE",
      message: expect.stringContaining("last tagged version"),
    });
  });

  it("refuses names that are none before any request", async () => {
    const { client: { packages }, run, simulation } = createGhcrScenario();
    const cases = [
      [{ kind: "org", name: "../x" }, "app", "INVALID_NAMESPACE"],
      [ACME, "..", "INVALID_NAME"],
      [ACME, "App", "INVALID_NAME"],
    ] as const;
    for (const [owner, name, code] of cases) {
      await expect(run(packages.get(owner, name))).rejects.toMatchObject({ code });
    }
    await expect(run(packages.getVersion(ACME, "app", -1))).rejects.toThrow(TypeError);
    await expect(run(collect(packages.list(ACME, { pageSize: 101 })))).rejects.toThrow(TypeError);
    expect(simulation.log).toHaveLength(0);
  });
});

describe("GitHub's API", () => {
  it("gets the token alone, and the registry its own", async () => {
    const scenario = createGhcrScenario();
    const { client, run, simulation } = scenario;
    await withImages(scenario);
    await run(client.manifests.get({ ...APP, tag: "v1" }));
    await run(client.packages.find({ ...APP, tag: "v1" }));
    const seen = sightings(simulation.log, PAT);
    expect(seen.map(({ host, target }) => `${host}${target.split("?")[0]}`)).toEqual([
      "https://ghcr.io/token",
      "https://api.github.com/users/acme",
      "https://api.github.com/orgs/acme/packages/container/app/versions",
    ]);
    expect(scenario.events.map((event) => JSON.stringify(event)).join()).not.toContain(PAT);
  });

  it.each([
    ["another host", "https://trap.example.net/x"],
    ["plain http", "http://api.github.com/x"],
    ["another port", "https://api.github.com:8443/x"],
  ])("follows neither a Link nor a redirect to %s", async (_, target) => {
    const scenario = createGhcrScenario();
    const { client, run, simulation, events } = scenario;
    await withImages(scenario);
    const trap = simulation.trap("*");
    const plan = simulation.faults;
    const link = { kind: "headers", set: { link: `<${target}>; rel="next"` } } as const;
    plan.add({ path: "/orgs/acme/packages", action: link });
    await expect(run(collect(client.packages.list(ACME)))).rejects.toMatchObject({
      code: "ORIGIN_NOT_TRUSTED",
    });
    expect(events.some(({ type }) => type === "origin.refused")).toBe(true);
    plan.clear();
    const redirect = { kind: "answer", status: 301, headers: { location: target } } as const;
    plan.add({ path: "/orgs/acme/packages/*", action: redirect });
    await expect(run(client.packages.get(ACME, "app"))).rejects.toMatchObject({
      code: "ORIGIN_NOT_TRUSTED",
    });
    expect(simulation.log.filter(({ host }) => host === trap.origin)).toEqual([]);
  });

  it("ends a listing whose pages go round in a circle", async () => {
    const scenario = createGhcrScenario();
    const { client, run, simulation } = scenario;
    await withImages(scenario);
    const page = (next: string) => ({
      kind: "headers",
      set: { link: `<https://api.github.com${next}>; rel="next"` },
    } as const);
    const first = "/orgs/acme/packages?package_type=container&per_page=50";
    simulation.faults.add(
      { path: "/orgs/acme/packages", nth: [1], action: page(`${first}&page=2`) },
      { path: "/orgs/acme/packages", nth: [2], action: page(first) },
    );
    await expect(run(collect(client.packages.list(ACME)))).rejects.toMatchObject({
      code: "INVALID_RESPONSE",
    });
    expect(scenario.apiTrail()).toHaveLength(2);
  });

  it("ends a listing at the cap of pages, and fetches no page that nobody reads", async () => {
    const scenario = createGhcrScenario({ limits: { pages: 2 } });
    const { client: { packages }, run } = scenario;
    await withImages(scenario);
    const versions = packages.versions(ACME, "app", { pageSize: 1 });
    const first = await run(versions[Symbol.asyncIterator]().next());
    expect(first.value).toMatchObject({ tags: ["v4"] });
    expect(scenario.apiTrail()).toHaveLength(1);
    await expect(run(collect(packages.versions(ACME, "app", { pageSize: 1 })))).rejects
      .toMatchObject({ code: "LIMIT_EXCEEDED", details: { limit: "pages", maximum: 2 } });
  });

  it("rejects with the signal's reason", async () => {
    const scenario = createGhcrScenario();
    await withImages(scenario);
    const signal = AbortSignal.abort(new Error("enough"));
    const { packages } = scenario.client;
    await expect(scenario.run(packages.get(ACME, "app", { signal }))).rejects.toThrow("enough");
    await expect(scenario.run(packages.cleanup(APP, { signal }))).rejects.toThrow("enough");
    expect(scenario.apiTrail()).toEqual([]);
  });

  it.each([
    ["no JSON", "<html>"],
    ["an object for a list", "{}"],
    ["a version without metadata", '[{"id":1,"name":"sha256:00"}]'],
  ])("refuses %s", async (_, body) => {
    const { client, run, simulation } = createGhcrScenario();
    simulation.faults.add({ path: "*/versions", action: { kind: "answer", status: 200, body } });
    await expect(run(collect(client.packages.versions(ACME, "app")))).rejects.toMatchObject({
      code: "INVALID_RESPONSE",
    });
  });

  it("asks the provider again when a token is refused", async () => {
    const tokens = ["ghp_stale_0123456789abcdef", PAT];
    const credentials = refreshedCredentials({
      fetchToken: () => Promise.resolve({ username: "octocat", token: tokens.shift() ?? "none" }),
    });
    const scenario = createGhcrScenario({ credentials });
    await withImages(scenario);
    expect(await scenario.run(scenario.client.packages.get(ACME, "app"))).toMatchObject({
      name: "app",
    });
    expect(scenario.apiTrail().map((line) => line.slice(-3))).toEqual(["401", "200"]);
  });

  it("types a token that nobody has, and rights that are missing", async () => {
    const scenario = createGhcrScenario();
    const { client, github, run } = scenario;
    await withImages(scenario);
    github.configure({ tokens: { [PAT]: { login: "octocat", scopes: ["read:packages"] } } });
    await expect(run(client.packages.delete(ACME, "app"))).rejects.toMatchObject({
      code: "FORBIDDEN",
      message: expect.stringContaining("delete:packages"),
    });
    github.configure({ tokens: {} });
    await expect(run(client.packages.get(ACME, "app"))).rejects.toMatchObject({
      code: "UNAUTHORIZED",
    });
  });
});

describe("GitHub's limits", () => {
  it("fails at once with the reset's time when the budget is used up, and asks no more", async () => {
    const scenario = createGhcrScenario();
    const { client, clock, github, run } = scenario;
    await withImages(scenario);
    const start = clock.now();
    github.configure({ rateLimit: { limit: 2, windowSeconds: 3600 } });
    await run(client.packages.get(ACME, "app"));
    await run(client.packages.get(ACME, "app"));
    for (let i = 0; i < 3; i++) {
      await expect(run(client.packages.get(ACME, "app"))).rejects.toMatchObject({
        code: "RATE_LIMITED",
        details: { resetAt: start + 3_600_000 },
      });
    }
    expect(scenario.apiTrail()).toHaveLength(2);
    expect(await run(client.apiRateLimit())).toMatchObject({ limit: 2, remaining: 0 });
    await clock.advance(3_600_000);
    expect(await run(client.packages.get(ACME, "app"))).toMatchObject({ name: "app" });
  });

  it("types a refusal that comes unannounced", async () => {
    const scenario = createGhcrScenario();
    const { client, github, run } = scenario;
    await withImages(scenario);
    github.configure({ rateLimit: { limit: 0, windowSeconds: 3600 } });
    await expect(run(client.packages.get(ACME, "app"))).rejects.toMatchObject({
      code: "RATE_LIMITED",
      details: { resetAt: expect.any(Number) },
    });
    expect(scenario.apiTrail()).toHaveLength(1);
  });

  it.each([
    ["with Retry-After", { "retry-after": "30" }, 30_000],
    ["without", {}, 60_000],
  ])("waits out a secondary limit %s, never early", async (_, headers, wait) => {
    const scenario = createGhcrScenario();
    const { client, clock, run, simulation } = scenario;
    await withImages(scenario);
    const message = "You have exceeded a secondary rate limit. Please wait a few minutes.";
    simulation.faults.add({
      path: "/orgs/*",
      nth: [1],
      action: { kind: "answer", status: 403, headers, body: JSON.stringify({ message }) },
    });
    const start = clock.now();
    expect(await run(client.packages.get(ACME, "app"))).toMatchObject({ name: "app" });
    expect(clock.now() - start).toBeGreaterThanOrEqual(wait);
    expect(clock.now() - start).toBeLessThan(wait + 2000);
  });

  it("gives up where the wait is too long", async () => {
    const scenario = createGhcrScenario();
    const { client, run, simulation } = scenario;
    await withImages(scenario);
    simulation.faults.add({
      path: "/orgs/*",
      action: { kind: "answer", status: 429, headers: { "retry-after": "1800" }, body: "{}" },
    });
    await expect(run(client.packages.get(ACME, "app"))).rejects.toMatchObject({
      code: "RATE_LIMITED",
    });
    expect(scenario.apiTrail()).toHaveLength(1);
  });
});
