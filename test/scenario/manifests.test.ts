import { describe, expect, it } from "vitest";
import { buildImage, buildIndex, type BuiltImage, digestOf } from "../../src/simulation/mod.ts";
import type { Digest } from "../../src/reference/mod.ts";
import { APP, createScenario, type Scenario } from "../support/client_scenario.ts";

const PLATFORMS = [
  { os: "linux", architecture: "amd64" },
  { os: "linux", architecture: "arm", variant: "v7" },
  { os: "linux", architecture: "arm64" },
];

async function multiArch(
  scenario: Scenario,
  format: "oci" | "docker" = "oci",
): Promise<{ index: BuiltImage; manifests: BuiltImage[] }> {
  const manifests = await Promise.all(
    PLATFORMS.map((platform, seed) => buildImage({ platform, seed: seed + 1, format })),
  );
  const index = await buildIndex({ manifests, format });
  scenario.registry.add(APP.repository, { image: index, tags: ["v1"] });
  return { index, manifests };
}

describe("manifests.get()", () => {
  it.each(["oci", "docker"] as const)(
    "gives an index of %s as it is, or goes on to a platform",
    async (format) => {
      const scenario = createScenario();
      const { client, run } = scenario;
      const { index, manifests } = await multiArch(scenario, format);
      const whole = await run(client.manifests.get(APP));
      expect(whole).toMatchObject({ digest: index.digest, mediaType: index.mediaType });
      expect(whole.bytes).toEqual(index.bytes);
      expect(whole.manifest.kind).toBe("index");
      for (const [i, platform] of ["linux/amd64", "linux/arm/v7", PLATFORMS[2]].entries()) {
        const child = await run(client.manifests.get(APP, { platform }));
        expect(child.digest).toBe(manifests[i]?.digest);
        expect(child.descriptor?.digest).toBe(manifests[i]?.digest);
      }
    },
  );

  it("says what there is when the platform is not", async () => {
    const scenario = createScenario();
    await multiArch(scenario);
    const asked = scenario.client.manifests.get(APP, { platform: "windows/amd64" });
    await expect(scenario.run(asked)).rejects.toMatchObject({
      code: "PLATFORM_NOT_FOUND",
      details: { available: ["linux/amd64", "linux/arm/v7", "linux/arm64"] },
    });
  });

  it("refuses a platform that is none before any request", async () => {
    const { client, run, simulation } = createScenario();
    await expect(run(client.manifests.get(APP, { platform: "a/b/c/d" }))).rejects.toMatchObject({
      name: "TidegateError",
    });
    expect(simulation.log).toHaveLength(0);
  });

  it("computes a tag's digest and only reports a wrong header", async () => {
    for (const digestHeader of [`sha256:${"0".repeat(64)}`, undefined]) {
      const scenario = createScenario();
      const { client, events, registry, run } = scenario;
      const { index } = await multiArch(scenario);
      registry.configure({
        quirks: digestHeader === undefined ? { noDigestHeader: true } : { digestHeader },
      });
      expect((await run(client.manifests.get(APP))).digest).toBe(index.digest);
      const wrong = events.filter(({ type }) => type === "digest.header_wrong");
      expect(wrong).toHaveLength(digestHeader === undefined ? 0 : 1);
    }
  });

  it("pins the digest of name:tag@digest, wherever the tag points", async () => {
    const scenario = createScenario();
    const { client, registry, run, simulation } = scenario;
    const { manifests } = await multiArch(scenario);
    const digest = manifests[1]?.digest as Digest;
    expect((await run(client.manifests.get({ ...APP, digest }))).digest).toBe(digest);
    expect(simulation.log.at(-1)?.target).toContain(digest);
    const stored = registry.repository(APP.repository).manifests;
    const other = stored.get(manifests[2]?.digest as string);
    stored.set(digest, { ...other, digest } as never);
    await expect(run(client.manifests.get({ ...APP, digest }))).rejects.toMatchObject({
      code: "DIGEST_MISMATCH",
    });
  });

  it("checks the size that an index gives its entries", async () => {
    const scenario = createScenario();
    const { client, registry, run } = scenario;
    const child = await buildImage({ platform: PLATFORMS[0] as never });
    const index = await buildIndex({
      manifests: [{
        ...child,
        descriptor: { ...child.descriptor, size: child.descriptor.size + 1 },
      }],
    });
    registry.add(APP.repository, { image: index, tags: ["v1"] });
    await expect(run(client.manifests.get(APP, { platform: "linux/amd64" }))).rejects.toMatchObject(
      {
        code: "BLOB_SIZE_MISMATCH",
      },
    );
  });

  it("refuses a manifest over the cap, at the cap plus one", async () => {
    const scenario = createScenario({ limits: { manifestBytes: 2000 } });
    const { client, registry, run } = scenario;
    const pad = (length: number) => ({ annotations: { pad: "x".repeat(length) } });
    const plain = await buildImage(pad(0));
    const at = await buildImage(pad(2000 - plain.bytes.length));
    const above = await buildImage(pad(2001 - plain.bytes.length));
    expect([at.bytes.length, above.bytes.length]).toEqual([2000, 2001]);
    registry.add(APP.repository, { image: at, tags: ["at"] });
    registry.add(APP.repository, { image: above, tags: ["above"] });
    expect((await run(client.manifests.get({ ...APP, tag: "at" }))).size).toBe(2000);
    await expect(run(client.manifests.get({ ...APP, tag: "above" }))).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
    });
  });

  it("refuses an index that nests without end", async () => {
    const scenario = createScenario();
    let image = await buildImage({ platform: PLATFORMS[0] as never });
    for (let depth = 0; depth < 6; depth++) {
      const index = await buildIndex({ manifests: [image] });
      image = { ...index, descriptor: { ...index.descriptor, platform: PLATFORMS[0] as never } };
    }
    scenario.registry.add(APP.repository, { image, tags: ["v1"] });
    const asked = scenario.client.manifests.get(APP, { platform: "linux/amd64" });
    await expect(scenario.run(asked)).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
  });

  it.each([
    [404, "NOT_FOUND"],
    [403, "FORBIDDEN"],
    [401, "UNAUTHORIZED"],
    [429, "RATE_LIMITED"],
    [500, "SERVER_ERROR"],
    [418, "UNEXPECTED_RESPONSE"],
  ])("types a %i as %s", async (status, code) => {
    const scenario = createScenario();
    await multiArch(scenario);
    scenario.simulation.faults.add({ path: "*", action: { kind: "answer", status } });
    await expect(scenario.run(scenario.client.manifests.get(APP))).rejects.toMatchObject({ code });
  });

  it("takes GHCR's redirect for not found", async () => {
    const { client, run, simulation } = createScenario();
    const ghcr = simulation.registry("ghcr.io", {
      quirks: { notFoundRedirect: "https://github.com/-/v2/packages/container/package/x" },
    });
    ghcr.repository("acme/app");
    await expect(run(client.manifests.get({ ...APP, registry: "ghcr.io" }))).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });
});

describe("manifests.head() and manifests.exists()", () => {
  it("tell digest, type and size without a pull", async () => {
    const scenario = createScenario();
    const { client, run, simulation } = scenario;
    const { index } = await multiArch(scenario);
    const { digest, mediaType } = index;
    expect(await run(client.manifests.head(APP))).toEqual({
      digest,
      mediaType,
      size: index.bytes.length,
    });
    expect(simulation.log.map(({ method }) => method)).toEqual(["HEAD"]);
    expect(await run(client.manifests.exists(APP))).toBe(true);
    expect(await run(client.manifests.exists({ ...APP, tag: "v2" }))).toBe(false);
  });

  it.each([
    ["has no HEAD", { headStatus: 405 }],
    ["leaves the digest out", { noDigestHeader: true }],
    ["leaves the length out", { noContentLength: true }],
  ])("get the manifest where the registry %s", async (_, quirks) => {
    const scenario = createScenario();
    const { index } = await multiArch(scenario);
    scenario.registry.configure({ quirks });
    const head = await scenario.run(scenario.client.manifests.head(APP));
    expect(head).toMatchObject({ digest: index.digest, size: index.bytes.length });
  });

  it("refuse an answer for another digest", async () => {
    const scenario = createScenario();
    const { index } = await multiArch(scenario);
    scenario.registry.configure({ quirks: { digestHeader: `sha256:${"0".repeat(64)}` } });
    const digest = index.digest as Digest;
    await expect(scenario.run(scenario.client.manifests.head({ ...APP, digest }))).rejects
      .toMatchObject({ code: "DIGEST_MISMATCH" });
  });
});

describe("rateLimit() and ping()", () => {
  it("read what is left without a pull", async () => {
    const scenario = createScenario();
    const { client, clock, run, simulation } = scenario;
    await multiArch(scenario);
    simulation.faults.add({
      method: "HEAD",
      action: {
        kind: "headers",
        set: {
          "ratelimit-limit": "100;w=21600",
          "ratelimit-remaining": "76;w=21600",
          "docker-ratelimit-source": "192.0.2.1",
        },
      },
    });
    expect(await run(client.rateLimit(APP))).toEqual({
      limit: 100,
      remaining: 76,
      windowSeconds: 21_600,
      resetAt: clock.now() + 21_600_000,
      source: "192.0.2.1",
      authenticated: false,
    });
    simulation.faults.clear();
    expect(await run(client.rateLimit(APP))).toBeUndefined();
    expect(simulation.log.every(({ method }) => method === "HEAD")).toBe(true);
  });

  it("tell a registry from what is none", async () => {
    const { client, run, simulation } = createScenario();
    await run(client.ping(APP));
    simulation.trap("nothing.example.com", { status: 404, body: "<html>" });
    await expect(run(client.ping({ registry: "nothing.example.com" }))).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    await expect(run(client.ping({ registry: "nowhere.example.com" }))).rejects.toMatchObject({
      code: "NETWORK_ERROR",
    });
  });
});

describe("sha512", () => {
  it("is verified as sha512 where the digest says so", async () => {
    const { client, registry, run } = createScenario();
    const image = await buildImage({ algorithm: "sha512" });
    registry.add(APP.repository, { image, tags: ["v1"] });
    const digest = image.digest as Digest;
    expect((await run(client.manifests.get({ ...APP, digest }))).digest).toBe(digest);
    const layer = image.layers[0];
    const pulled = await run(client.blobs.get(APP, layer?.digest as string));
    expect(await digestOf(await run(pulled.bytes()), "sha512")).toBe(layer?.digest);
  });
});
