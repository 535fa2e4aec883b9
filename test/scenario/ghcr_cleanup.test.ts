import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  buildArtifact,
  buildImage,
  buildIndex,
  type BuiltImage,
  referrersTag,
} from "../../src/simulation/mod.ts";
import {
  APP,
  createGhcrScenario,
  DAY_MS,
  type GhcrScenario,
  multiArch,
} from "../support/ghcr_scenario.ts";

const KEEP_ALL = { olderThanMs: 0, pauseMs: 0 };

function stored({ ghcr }: GhcrScenario): string[] {
  return [...ghcr.repository("acme/app").manifests.keys()];
}

/** `v1` with a referrer, an index that lost its tag, and an image that never had one. */
async function seed(
  { ghcr, clock }: GhcrScenario,
): Promise<Record<"v1" | "sbom" | "old" | "lost", BuiltImage>> {
  const v1 = await multiArch(1);
  const sbom = await buildArtifact({ artifactType: "a/b", content: "sbom", subject: v1 });
  const old = await multiArch(2);
  const lost = await buildImage({ seed: 99 });
  ghcr.add("acme/app", { image: v1, tags: ["v1"] });
  ghcr.add("acme/app", { image: sbom });
  ghcr.add("acme/app", {
    image: await buildIndex({ manifests: [sbom] }),
    tags: [referrersTag(v1.digest)],
  });
  ghcr.add("acme/app", { image: old });
  ghcr.add("acme/app", { image: lost });
  await clock.advance(DAY_MS);
  return { v1, sbom, old, lost };
}

describe("packages.cleanup()", () => {
  it("only tells, by default, what it would delete and why", async () => {
    const scenario = createGhcrScenario();
    const { client, run } = scenario;
    const { old, lost } = await seed(scenario);
    const before = stored(scenario);
    const result = await run(client.packages.cleanup(APP, KEEP_ALL));
    expect(result.dryRun).toBe(true);
    expect(result.deleted.map(({ version }) => version.digest).toSorted()).toEqual(
      [old.digest, lost.digest, ...old.children.map(({ digest }) => digest)].toSorted(),
    );
    expect(new Set(result.deleted.map(({ reason }) => reason))).toEqual(new Set(["untagged"]));
    expect(result.kept.map(({ reason }) => reason).toSorted()).toEqual([
      "listed",
      "listed",
      "listed",
      "refers",
      "tagged",
    ]);
    expect(stored(scenario)).toEqual(before);
    expect(scenario.apiTrail().some((line) => line.startsWith("DELETE"))).toBe(false);
  });

  it("deletes just that, an index before its children, and nothing that is needed", async () => {
    const scenario = createGhcrScenario();
    const { client, run } = scenario;
    const { v1, sbom, old } = await seed(scenario);
    const result = await run(client.packages.cleanup(APP, { ...KEEP_ALL, dryRun: false }));
    expect(result).toMatchObject({ dryRun: false, failed: [] });
    const order = result.deleted.map(({ version }) => version.digest);
    for (const child of old.children) {
      expect(order.indexOf(old.digest as never)).toBeLessThan(order.indexOf(child.digest as never));
    }
    expect(stored(scenario)).toEqual(
      expect.arrayContaining([v1.digest, sbom.digest, ...v1.children.map(({ digest }) => digest)]),
    );
    expect(stored(scenario)).toHaveLength(5);
    for (const platform of ["linux/amd64", "linux/arm64"]) {
      await run(client.manifests.get(APP, { platform }));
    }
  });

  it("takes an image with all that belongs to it", async () => {
    const scenario = createGhcrScenario();
    const { client, ghcr, run } = scenario;
    await seed(scenario);
    const latest = await buildImage({ seed: 5 });
    ghcr.add("acme/app", { image: latest, tags: ["latest"] });
    const policy = { ...KEEP_ALL, tags: ["v*"], dryRun: false };
    await run(client.packages.cleanup(APP, policy));
    expect(stored(scenario)).toEqual([latest.digest]);
  });

  it("spares what is young, by default a day", async () => {
    const scenario = createGhcrScenario();
    const { client, clock, run } = scenario;
    await seed(scenario);
    // the API sees the versions now for the first time
    expect((await run(client.packages.cleanup(APP))).deleted).toEqual([]);
    await clock.advance(DAY_MS);
    expect((await run(client.packages.cleanup(APP))).deleted).toHaveLength(4);
  });

  it("keeps the children of an index that GitHub does not delete", async () => {
    const scenario = createGhcrScenario();
    const { client, github, run } = scenario;
    const { old } = await seed(scenario);
    github.configure({ visibility: { "acme/app": "public" } });
    github.version("acme/app", old.digest).downloads = 5001;
    const result = await run(client.packages.cleanup(APP, { ...KEEP_ALL, dryRun: false }));
    expect(result.failed).toMatchObject([
      { version: { digest: old.digest }, error: { code: "UNEXPECTED_RESPONSE" } },
    ]);
    expect(stored(scenario)).toEqual(
      expect.arrayContaining([old.digest, ...old.children.map(({ digest }) => digest)]),
    );
    expect(result.deleted).toHaveLength(1);
  });

  it("does not delete what was tagged meanwhile", async () => {
    const scenario = createGhcrScenario();
    const { client, ghcr, run } = scenario;
    const { old } = await seed(scenario);
    const cleaning = client.packages.cleanup(APP, {
      ...KEEP_ALL,
      pauseMs: 1000,
      dryRun: false,
    });
    const tagging = scenario.clock.sleep(500).then(() => {
      ghcr.repository("acme/app").tags.set("rescued", old.digest);
    });
    const [result] = await run(Promise.all([cleaning, tagging]));
    const needed = [old.digest, ...old.children.map(({ digest }) => digest)];
    expect(stored(scenario)).toEqual(expect.arrayContaining(needed));
    const { digest } = old;
    expect(result.kept.find(({ version }) => version.digest === digest)?.reason).toBe("changed");
    expect(result.deleted).toHaveLength(1);
  });

  it("deletes nothing while the package keeps changing", async () => {
    const scenario = createGhcrScenario();
    const { ghcr, run, simulation } = scenario;
    const { lost: { digest } } = await seed(scenario);
    let count = 0;
    const fetch = (request: Request): Promise<Response> => {
      if (request.url.includes("/versions")) {
        ghcr.repository("acme/app").tags.set(`t${count++}`, digest);
      }
      return simulation.fetch(request);
    };
    const busy = createGhcrScenario({ fetch, clock: scenario.clock });
    await expect(run(busy.client.packages.cleanup(APP, { ...KEEP_ALL, dryRun: false }))).rejects
      .toMatchObject({ code: "CONFLICT" });
    expect(scenario.apiTrail().some((line) => line.startsWith("DELETE"))).toBe(false);
  });

  it("deletes nothing when a manifest that stays cannot be read", async () => {
    const scenario = createGhcrScenario();
    const { client, run, simulation } = scenario;
    const { v1, lost } = await seed(scenario);
    for (const status of [404, 500, 403]) {
      simulation.faults.clear();
      simulation.faults.add({
        path: `*/manifests/${v1.digest}`,
        action: { kind: "answer", status, body: "{}" },
      });
      await expect(run(client.packages.cleanup(APP, { ...KEEP_ALL, dryRun: false }))).rejects
        .toMatchObject({ code: expect.stringMatching(/NOT_FOUND|SERVER_ERROR|FORBIDDEN/) });
    }
    expect(stored(scenario)).toContain(lost.digest);
  });

  it("stops at a failure that would come again, and tells what was not done", async () => {
    const scenario = createGhcrScenario();
    const { client, run, simulation } = scenario;
    await seed(scenario);
    simulation.faults.add({
      method: "DELETE",
      path: "/orgs/*",
      action: { kind: "answer", status: 429, headers: { "retry-after": "3600" }, body: "{}" },
    });
    const result = await run(client.packages.cleanup(APP, { ...KEEP_ALL, dryRun: false }));
    expect(result.deleted).toEqual([]);
    expect(result.failed).toMatchObject([{ error: { code: "RATE_LIMITED" } }]);
    expect(result.kept.map(({ reason }) => reason)).toContain("stopped");
    expect(scenario.apiTrail().filter((line) => line.startsWith("DELETE"))).toHaveLength(1);
  });

  it("ends where it is when it is aborted", async () => {
    const scenario = createGhcrScenario();
    const { client, clock, run } = scenario;
    await seed(scenario);
    const stop = new AbortController();
    const options = { olderThanMs: 0, dryRun: false, signal: stop.signal };
    const aborting = clock.sleep(1500).then(() => stop.abort(new Error("enough")));
    const cleaning = client.packages.cleanup(APP, options);
    await expect(run(Promise.all([cleaning, aborting]))).rejects.toThrow("enough");
    expect(scenario.apiTrail().filter((line) => line.startsWith("DELETE"))).toHaveLength(2);
  });

  it("leaves every image that stays whole, whatever fails", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 4 }),
        fc.subarray(["v1", "v2", "v3"]),
        fc.constantFrom(400, 403, 404),
        async (nth, tagged, status) => {
          const scenario = createGhcrScenario();
          const { client, ghcr, run, simulation } = scenario;
          const images = await Promise.all([1, 2, 3].map((seed) => multiArch(seed)));
          const kept = await buildImage({ seed: 77 });
          ghcr.add("acme/app", { image: kept, tags: ["stays"] });
          images.forEach((image, i) => {
            const tags = tagged.filter((tag) => tag === `v${i + 1}`);
            ghcr.add("acme/app", { image, tags });
          });
          const action = { kind: "answer", status, body: "{}" } as const;
          simulation.faults.add({ method: "DELETE", path: "/orgs/*", nth, action });
          await run(client.packages.cleanup(APP, { ...KEEP_ALL, dryRun: false }));
          const there = new Set(stored(scenario));
          for (const { digest, children } of images) {
            if (!there.has(digest)) continue;
            for (const child of children) expect(there.has(child.digest)).toBe(true);
          }
          for (const tag of tagged) {
            expect(there.has(images[Number(tag.slice(1)) - 1]?.digest ?? "")).toBe(true);
          }
        },
      ),
      { numRuns: 25 },
    );
  });
});
