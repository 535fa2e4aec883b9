import { describe, expect, it } from "vitest";
import { createGhcrClient, githubEnvironmentCredentials } from "../../src/ghcr/mod.ts";
import { buildArtifact, buildImage, buildIndex, referrersTag } from "../../src/simulation/mod.ts";
import type { Digest } from "../../src/reference/mod.ts";
import { noise } from "../support/client_scenario.ts";
import { APP, collect, createGhcrScenario, multiArch, PAT } from "../support/ghcr_scenario.ts";

describe("createGhcrClient()", () => {
  it("pushes large blobs in requests of 4 MiB at most", async () => {
    const { client, run, simulation } = createGhcrScenario();
    const bytes = noise(9 * 1024 * 1024);
    const stream = new Blob([bytes]).stream();
    const pushed = await run(client.blobs.put(APP, stream));
    expect(pushed).toMatchObject({ size: bytes.length, outcome: "uploaded" });
    const chunks = simulation.log.filter(({ method }) => method === "PATCH");
    expect(chunks.length).toBeGreaterThan(1);
    expect(Math.max(...chunks.map(({ bodyBytes }) => bodyBytes))).toBe(4 * 1024 * 1024);
    expect(chunks.map(({ status }) => status)).not.toContain(416);
  });

  it("takes 303 to github.com for not found, and does not go there", async () => {
    const { client, run, simulation } = createGhcrScenario();
    const trap = simulation.trap("github.com");
    await expect(run(client.manifests.get(APP))).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await run(client.manifests.exists(APP))).toBe(false);
    expect(simulation.log.some(({ host }) => host === trap.origin)).toBe(false);
  });

  it("finds referrers by the fallback tag, without asking an API that is not there", async () => {
    const { client, ghcr, run, simulation } = createGhcrScenario();
    const image = await buildImage();
    const sbom = await buildArtifact({
      artifactType: "application/spdx+json",
      content: "{}",
      subject: image,
    });
    ghcr.add("acme/app", { image, tags: ["v1"] });
    ghcr.add("acme/app", {
      image: await buildIndex({ manifests: [sbom] }),
      tags: [referrersTag(image.digest)],
    });
    const found = await run(collect(client.referrers.list(APP)));
    expect(found.map(({ digest }) => digest)).toEqual([sbom.digest]);
    expect(simulation.log.some(({ target }) => target.includes("/referrers/"))).toBe(false);
  });

  it("pulls public images with a bad token, as nobody", async () => {
    const credentials = githubEnvironmentCredentials({
      lookup: (name) => ({ GITHUB_ACTOR: "octocat", GITHUB_TOKEN: "ghp_expired0123456789" })[name],
    });
    const { client, ghcr, run } = createGhcrScenario({ credentials });
    ghcr.add("acme/app", { image: await buildImage(), tags: ["v1"] });
    expect(await run(client.manifests.exists(APP))).toBe(true);
  });

  it("deletes manifests through the API", async () => {
    const { client, ghcr, run, simulation } = createGhcrScenario();
    const image = await buildImage({ seed: 2 });
    ghcr.add("acme/app", { image: await buildImage(), tags: ["v1"] });
    ghcr.add("acme/app", { image, tags: ["v2"] });
    await run(client.manifests.delete({ ...APP, digest: image.digest as Digest }));
    expect([...ghcr.repository("acme/app").tags.keys()]).toEqual(["v1"]);
    expect(simulation.log.filter(({ method }) => method === "DELETE")).toMatchObject([
      { host: "https://api.github.com", status: 204 },
    ]);
  });

  it("takes a deleted referrer off the fallback tag", async () => {
    const { client, ghcr, run } = createGhcrScenario();
    ghcr.add("acme/app", { image: await buildImage(), tags: ["v1"] });
    const attached = await run(client.referrers.attach(APP, {
      artifactType: "application/spdx+json",
      layers: [{ content: new TextEncoder().encode("{}"), mediaType: "application/spdx+json" }],
    }));
    expect(await run(collect(client.referrers.list(APP)))).toHaveLength(1);
    await run(client.manifests.delete({ ...APP, digest: attached.digest }));
    expect(await run(collect(client.referrers.list(APP)))).toEqual([]);
  });

  it("deletes a tag alone, through an empty manifest", async () => {
    const { client, ghcr, run } = createGhcrScenario();
    const image = await buildImage();
    ghcr.add("acme/app", { image, tags: ["v1", "v2"] });
    await expect(run(client.tags.delete(APP))).rejects.toMatchObject({ code: "UNSUPPORTED" });
    await run(client.tags.delete(APP, { viaEmptyManifest: true }));
    expect([...ghcr.repository("acme/app").tags]).toEqual([["v2", image.digest]]);
    expect([...ghcr.repository("acme/app").manifests.keys()]).toEqual([image.digest]);
  });

  it("puts a tag back when its empty manifest cannot be deleted", async () => {
    const { client, ghcr, run, simulation } = createGhcrScenario();
    const image = await buildImage();
    ghcr.add("acme/app", { image, tags: ["v1"] });
    simulation.faults.add({
      method: "DELETE",
      path: "/orgs/*",
      action: { kind: "answer", status: 403, body: "{}" },
    });
    await expect(run(client.tags.delete(APP, { viaEmptyManifest: true }))).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
    expect(ghcr.repository("acme/app").tags.get("v1")).toBe(image.digest);
  });

  it("copies an image by mounting, and over the line where mounts are refused", async () => {
    const { client, ghcr, run } = createGhcrScenario();
    const image = await multiArch();
    ghcr.add("acme/app", { image, tags: ["v1"] });
    const to = { ...APP, repository: "acme/copy" };
    const mounted = await run(client.copyImage(APP, to));
    expect(mounted).toMatchObject({ uploaded: 0, root: { digest: image.digest } });
    expect(mounted.mounted).toBeGreaterThan(0);
    ghcr.configure({ quirks: { ...ghcr.settings.quirks, refuseMounts: true } });
    const sent = await run(client.copyImage(APP, { ...to, repository: "acme/sent" }));
    expect(sent).toMatchObject({ uploaded: mounted.mounted, mounted: 0 });
    const one = { ...to, repository: "acme/one" };
    const arm = await run(client.copyImage(APP, one, { platform: "linux/arm64" }));
    expect(arm.root.digest).toBe(image.children[1]?.digest);
  });

  it("refuses an apiUrl that is none", () => {
    for (
      const apiUrl of ["nowhere", "http://api.example.com", "https://u@x.example", "https://x/?a"]
    ) {
      expect(() => createGhcrClient({ apiUrl })).toThrow(
        expect.objectContaining({ code: "CONFIGURATION" }),
      );
    }
  });

  it("goes to the API of its own GitHub", async () => {
    const asked: string[] = [];
    const fetch = (request: Request): Promise<Response> => {
      asked.push(request.url);
      return Promise.resolve(Response.json({ type: "User" }, { status: 404 }));
    };
    const residency = createGhcrClient({ registry: "containers.corp.ghe.com", fetch });
    await residency.packages.find(residency.parseReference("a/b")).catch(() => {});
    const server = createGhcrClient({ apiUrl: "https://ghe.example.com/api/v3/", fetch });
    await server.packages.find(server.parseReference("a/b")).catch(() => {});
    expect(asked).toEqual([
      "https://api.corp.ghe.com/users/a",
      "https://ghe.example.com/api/v3/users/a",
    ]);
  });
});

describe("health()", () => {
  it("reports latency and budget, with a fresh token each time", async () => {
    const { client, ghcr, run } = createGhcrScenario();
    expect(await run(client.health())).toMatchObject({
      healthy: true,
      latencyMs: expect.any(Number),
      rateLimit: { limit: 5000 },
      error: undefined,
    });
    const { length } = ghcr.tokens.issued;
    await run(client.health());
    expect(ghcr.tokens.issued.length).toBe(length + 1);
  });

  it("never throws: bad credentials, no network, an aborted signal", async () => {
    const { client, ghcr, github, run, simulation } = createGhcrScenario();
    ghcr.tokens.configure({ get: 403 });
    expect(await run(client.health())).toMatchObject({
      healthy: false,
      rateLimit: { limit: 5000 },
      error: { code: "FORBIDDEN" },
    });
    github.configure({ tokens: {} });
    ghcr.tokens.configure({ get: "ok" });
    expect(await run(client.health())).toMatchObject({
      healthy: true,
      rateLimit: undefined,
      error: { code: "UNAUTHORIZED" },
    });
    simulation.faults.add({ path: "*", action: { kind: "drop", by: "stall" } });
    const stalled = await run(client.health({ timeoutMs: 500 }));
    expect(stalled).toMatchObject({ healthy: false, error: { code: "NETWORK_TIMEOUT" } });
    expect(stalled.latencyMs).toBe(500);
    expect(await run(client.health({ signal: AbortSignal.abort() }))).toMatchObject({
      healthy: false,
      error: { code: "ABORTED" },
    });
    expect(JSON.stringify(stalled)).not.toContain(PAT);
  });
});
