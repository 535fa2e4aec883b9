import { describe, expect, it } from "vitest";
import type { Credential, CredentialProvider } from "../../src/auth/mod.ts";
import { Secret } from "../../src/core/mod.ts";
import {
  githubCredentials,
  githubEnvironmentCredentials,
  refreshedCredentials,
} from "../../src/ghcr/mod.ts";
import type { Digest } from "../../src/reference/mod.ts";
import { buildImage } from "../../src/simulation/mod.ts";
import { APP, collect, type GhcrWorld, PAT, worldsOf } from "./ghcr_world.ts";
import type { ServeWorld } from "./serve_world.ts";

const OWNERS = [
  ["an organisation", { kind: "org", name: "acme" }, "acme/web"],
  ["a user", { kind: "user", name: "octocat" }, "octocat/web"],
  ["the authenticated user", { kind: "authenticated" }, "octocat/web"],
] as const;

/** Three versions of the package `web`. */
async function withVersions({ ghcr }: GhcrWorld, repository: string): Promise<string[]> {
  const images = await Promise.all([1, 2, 3].map((seed) => buildImage({ seed: seed + 50 })));
  images.forEach((image, i) => ghcr.add(repository, { image, tags: [`v${i}`] }));
  return images.map(({ digest }) => digest);
}

/** One test for each operation of the Packages API, by name, and of what protects it. */
export function ghcrPackageFeatures(serve: ServeWorld): void {
  const open = worldsOf(serve);

  describe.each(OWNERS)("GitHub packages of %s", (_, owner, repository) => {
    it("list packages", async () => {
      const world = await open();
      await withVersions(world, repository);
      const packages = await collect(world.client.packages.list(owner, { pageSize: 1 }));
      expect(packages.map(({ name }) => name)).toContain("web");
      expect(await world.client.packages.get(owner, "web")).toMatchObject({ versionCount: 3 });
    });

    it("list versions and their tags", async () => {
      const world = await open();
      const digests = await withVersions(world, repository);
      const { packages } = world.client;
      const versions = await collect(packages.versions(owner, "web", { pageSize: 2 }));
      expect(versions.map(({ digest }) => digest)).toEqual(digests.toReversed());
      expect(await packages.tags(owner, "web", versions[0]?.id ?? 0)).toEqual(["v2"]);
    });

    it("delete and restore a version", async () => {
      const world = await open();
      await withVersions(world, repository);
      const { packages } = world.client;
      const [newest] = await collect(packages.versions(owner, "web"));
      const id = newest?.id ?? 0;
      await packages.deleteVersion(owner, "web", id);
      expect(await collect(packages.versions(owner, "web"))).toHaveLength(2);
      const deleted = await collect(packages.versions(owner, "web", { state: "deleted" }));
      expect(deleted.map((version) => version.id)).toEqual([id]);
      await packages.restoreVersion(owner, "web", id);
      expect(await packages.getVersion(owner, "web", id)).toMatchObject({ tags: ["v2"] });
    });

    it("delete and restore a package", async () => {
      const world = await open();
      await withVersions(world, repository);
      const { packages } = world.client;
      await packages.delete(owner, "web");
      await expect(packages.get(owner, "web")).rejects.toMatchObject({ code: "NOT_FOUND" });
      await packages.restore(owner, "web");
      expect(await packages.get(owner, "web")).toMatchObject({ versionCount: 3 });
    });
  });

  describe("GitHub packages: cleanup", () => {
    it("a dry run deletes nothing; a run deletes no child of a kept index", async () => {
      const { client, ghcr, index, other } = await open();
      ghcr.add("acme/app", { image: other });
      const policy = { olderThanMs: 0, pauseMs: 0 };
      const dry = await client.packages.cleanup(APP, policy);
      expect(dry.deleted.map(({ version }) => version.digest)).toEqual([other.digest]);
      const digest = other.digest as Digest;
      expect(await client.manifests.exists({ ...APP, digest })).toBe(true);
      const done = await client.packages.cleanup(APP, { ...policy, dryRun: false });
      expect(done).toMatchObject({ dryRun: false, deleted: dry.deleted, failed: [] });
      expect([...ghcr.repository("acme/app").manifests.keys()].toSorted()).toEqual(
        [index.digest, ...index.children.map(({ digest }) => digest)].toSorted(),
      );
    });
  });

  describe("GHCR credentials", () => {
    const works = async (
      make: (world: GhcrWorld, place: { registry: string; apiUrl: string }) => CredentialProvider,
    ): Promise<void> => {
      const world = await open();
      const place = { registry: world.url("ghcr.io"), apiUrl: world.url("api.github.com") };
      const client = world.clientWith({ credentials: make(world, place) });
      expect((await client.blobs.put(APP, new Uint8Array(9))).outcome).toBe("uploaded");
      expect((await client.packages.find(APP)).version.tags).toEqual(["v1"]);
    };

    it("static", () =>
      works((_, place) => githubCredentials({ ...place, username: "octocat", token: PAT })));

    it("environment: GITHUB_TOKEN and GITHUB_ACTOR, and other names", async () => {
      const variables: Record<string, string> = { GITHUB_ACTOR: "octocat", GITHUB_TOKEN: PAT };
      const lookup = (name: string): string | undefined => variables[name];
      await works((_, place) => githubEnvironmentCredentials({ ...place, lookup }));
      const mine = { MY_USER: "octocat", MY_TOKEN: PAT } as Record<string, string>;
      await works((_, place) =>
        githubEnvironmentCredentials({
          ...place,
          lookup: (name) => mine[name],
          username: ["MY_USER"],
          token: ["MY_TOKEN"],
        })
      );
    });

    it("custom", () =>
      works((_, { apiUrl }) => ({
        id: "mine",
        async get({ origin }): Promise<Credential> {
          const token = new Secret(PAT);
          return origin === apiUrl
            ? { kind: "bearer", token }
            : { kind: "basic", username: "octocat", password: token };
        },
      })));

    it("invalidate: a refused token is replaced", async () => {
      const tokens = ["ghp_stale00112233", PAT, PAT];
      await works((_, place) =>
        refreshedCredentials({
          ...place,
          fetchToken: async () => ({ username: "octocat", token: tokens.shift() ?? "none0000" }),
        })
      );
    });
  });

  describe("GitHub limits and health", () => {
    it("primary limit: an error with the reset's time, and no request until then", async () => {
      const { client, github, simulation } = await open();
      const owner = OWNERS[0][1];
      await client.packages.get(owner, "app");
      github.configure({ rateLimit: { limit: 1, windowSeconds: 3600 } });
      for (let i = 0; i < 2; i++) {
        await expect(client.packages.get(owner, "app")).rejects.toMatchObject({
          code: "RATE_LIMITED",
          details: { resetAt: expect.any(Number) },
        });
      }
      expect(simulation.log.filter(({ kind }) => kind === "github")).toHaveLength(2);
    });

    it("secondary limit: waited out as the answer asks", async () => {
      const { client, simulation } = await open();
      simulation.faults.add({
        path: "/orgs/*",
        nth: [1],
        action: {
          kind: "answer",
          status: 403,
          retryAfter: 1,
          body: JSON.stringify({ message: "You have exceeded a secondary rate limit." }),
        },
      });
      const start = Date.now();
      expect(await client.packages.get(OWNERS[0][1], "app")).toMatchObject({ name: "app" });
      expect(Date.now() - start).toBeGreaterThanOrEqual(990);
    });

    it("health check: latency, rate limit, and no throw", async () => {
      const { client, ghcr } = await open();
      const health = await client.health();
      expect(health).toMatchObject({ healthy: true, rateLimit: { limit: 5000 } });
      expect(health.latencyMs).toBeGreaterThanOrEqual(0);
      ghcr.tokens.configure({ get: 403 });
      expect(await client.health()).toMatchObject({
        healthy: false,
        error: { code: "FORBIDDEN" },
      });
    });
  });
}
