import { describe, expect, it } from "vitest";
import { anonymousCredentials, basicCredential, staticCredentials } from "../../../src/auth/mod.ts";
import { createDockerHubClient, type DockerHubClientOptions } from "../../../src/hub/mod.ts";
import { resolveHubOptions } from "../../../src/hub/options.ts";
import { parseReference } from "../../../src/reference/mod.ts";

describe("resolveHubOptions()", () => {
  it("places everything where Docker Hub is", () => {
    const { api, registry, scout, credentials } = resolveHubOptions({});
    expect(api).toMatchObject({
      origin: "https://hub.docker.com",
      blobOrigins: [],
      uploadOrigins: [],
    });
    expect(registry).toMatchObject({
      name: "docker.io",
      origin: "https://registry-1.docker.io",
      tokenOrigins: ["https://auth.docker.io"],
    });
    expect(scout?.origin).toBe("https://api.dso.docker.com");
    expect(credentials).toBeUndefined();
  });

  it("binds an account to these origins alone", async () => {
    const { api, registry, scout, credentials } = resolveHubOptions({
      username: "ann",
      accessToken: "t",
      password: "p",
    });
    const got = await credentials?.get(api);
    expect(got?.kind === "basic" && got.password.reveal()).toBe("t");
    expect(await credentials?.get(registry)).toBe(got);
    expect(scout && await credentials?.get(scout)).toBeUndefined();
    expect(await credentials?.get({ ...api, origin: "https://hub.docker.com.evil.test" }))
      .toBeUndefined();
  });

  it("gives the API what is filed for docker.io, where it is the API", async () => {
    const credentials = staticCredentials({ "docker.io": basicCredential("ann", "p") });
    const { api } = resolveHubOptions({ credentials });
    expect(await credentials.get(api)).toMatchObject({ username: "ann" });
    const elsewhere = resolveHubOptions({ credentials, hubOrigin: "https://hub.example.com" });
    expect(await credentials.get(elsewhere.api)).toBeUndefined();
  });

  it.each<[string, DockerHubClientOptions]>([
    ["no secret", { username: "ann" }],
    ["no username", { accessToken: "t" }],
    ["both ways", { username: "ann", password: "p", credentials: anonymousCredentials }],
    ["a wait too long", { rateLimit: { waitMs: 31 * 60_000 } }],
    ["a threshold below 0", { rateLimit: { lowThreshold: -1 } }],
    ["no chunk", { chunkBytes: 0 }],
    ["a user name with a colon", { username: "a:b", password: "p" }],
  ])("refuses %s", (_, options) => {
    expect(() => createDockerHubClient(options)).toThrow(TypeError);
  });

  it.each<DockerHubClientOptions>([
    { hubOrigin: "hub.docker.com" },
    { hubOrigin: "http://hub.example.com" },
    { registryOrigin: "https://registry.example.com/v2" },
    { authOrigin: "ftp://auth" },
    { scout: { origin: "" } },
  ])("refuses the origin in %j", (options) => {
    expect(() => createDockerHubClient(options)).toThrow(
      expect.objectContaining({ code: "CONFIGURATION" }),
    );
  });
});

describe("createDockerHubClient()", () => {
  it("is for Docker Hub alone, and says so before any request", async () => {
    const asked: string[] = [];
    const hub = createDockerHubClient({
      fetch: (request) => {
        asked.push(request.url);
        return Promise.reject(new TypeError("no network"));
      },
    });
    const ref = parseReference("ghcr.io/acme/app:v1");
    const digest = `sha256:${"0".repeat(64)}`;
    const sink = { openBlob: () => Promise.reject(new Error()), putManifest: () => {} };
    const calls: (() => Promise<unknown>)[] = [
      () => hub.ping(ref),
      () => hub.rateLimit(ref),
      () => hub.manifests.get(ref),
      () => hub.manifests.head(ref),
      () => hub.manifests.exists(ref),
      () => hub.manifests.put(ref, new Uint8Array(0)),
      () => hub.manifests.delete(ref),
      () => hub.blobs.get(ref, digest),
      () => hub.blobs.head(ref, digest),
      () => hub.blobs.exists(ref, digest),
      () => hub.blobs.put(ref, new Uint8Array(0)),
      () => hub.blobs.mount(ref, digest),
      () => hub.blobs.delete(ref, digest),
      () => hub.blobs.resumeUpload({ registry: "ghcr.io" } as never, new Uint8Array(0)),
      () => hub.tags.put(ref, "v2"),
      () => hub.tags.get(ref),
      () => hub.tags.delete(ref),
      () => hub.referrers.attach(ref, new Uint8Array(0)),
      () => hub.pullImage(ref, sink),
      () =>
        hub.pushImage(ref, {
          manifest: () => ({ bytes: new Uint8Array(0) }),
          openBlob: sink.openBlob,
        }),
      () => hub.scans.overview(ref),
      () => hub.repositories.get(ref),
    ];
    for (const call of calls) {
      await expect(call()).rejects.toMatchObject({ code: "INVALID_IMAGE_REFERENCE" });
    }
    expect(() => hub.tags.list(ref)).toThrow(/is not Docker Hub/);
    expect(() => hub.referrers.list(ref)).toThrow(/is not Docker Hub/);
    expect(asked).toEqual([]);
  });
});
