import { describe, expect, it } from "vitest";
import { createRegistryClient, type RegistryClientOptions } from "../../../src/client/mod.ts";
import { createManifestCache } from "../../../src/kv/mod.ts";
import { resolveUpstream } from "../../../src/upstream/mod.ts";
import { clientOptions, loadSettings, type OptionsOfSettings } from "../../../src/settings/mod.ts";
import { resolveTransportOptions } from "../../../src/transport/options.ts";

const ENV = { DOCKER_HUB_USERNAME: "ann", DOCKER_HUB_ACCESS_TOKEN: "pat" };

describe("clientOptions()", () => {
  it("fits a registry client", () => {
    const options: RegistryClientOptions =
      clientOptions(loadSettings({ env: ENV }).settings).client;
    expect(createRegistryClient(options)).toHaveProperty("manifests");
  });

  it("says what the settings say", () => {
    const env = { DOCKER_TIMEOUT_SECONDS: "7", DOCKER_MAX_RETRIES: "1", DOCKER_CHUNK_SIZE_MB: "2" };
    const { blobs, client, pull, push } = clientOptions(loadSettings({ env }).settings);
    expect(client.transport).toEqual({
      retry: { attempts: 2 },
      breaker: { failureThreshold: 5, successThreshold: 2, resetMs: 30_000 },
      throttle: { concurrency: 10 },
      timeouts: { headersMs: 7000, totalMs: 14_000 },
    });
    expect([blobs.chunkBytes, push.concurrency, pull.concurrency]).toEqual([2 * 1024 ** 2, 5, 10]);
    expect(client.credentials).toBeUndefined();
  });

  it("has times for a cache, unless there is to be none", () => {
    const of = (text: string): OptionsOfSettings["cache"] =>
      clientOptions(loadSettings({ text }).settings).cache;
    expect(createManifestCache(of("cache: { tag_ttl_seconds: 5 }"))).toHaveProperty("find");
    expect(of("cache: { tag_ttl_seconds: 5 }")).toEqual({
      manifestTtlSeconds: 300,
      tagTtlSeconds: 5,
    });
    expect(of("cache: { enabled: false }")).toBeUndefined();
  });

  it("by default allows as many tries as a client does", () => {
    const { client } = clientOptions(loadSettings().settings);
    const [upstream = resolveUpstream("docker.io")] = client.upstreams;
    const { retry, breaker, throttle } = resolveTransportOptions({ upstream });
    expect([retry.attempts, throttle.concurrency])
      .toEqual([client.transport.retry.attempts, client.transport.throttle.concurrency]);
    expect(client.transport.breaker).toEqual(breaker);
    expect(upstream).toEqual(resolveUpstream("docker.io"));
  });

  it("binds the credential to the registry, and its token endpoint", async () => {
    const env = {
      ...ENV,
      DOCKER_REGISTRY_URL: "https://r.test",
      DOCKER_AUTH_URL: "https://a.test",
    };
    const { credentials, upstreams: [hub] } = clientOptions(loadSettings({ env }).settings).client;
    expect(hub).toMatchObject({ origin: "https://r.test", tokenOrigins: ["https://a.test"] });
    expect(await credentials?.get(resolveUpstream("docker.io"))).toBeUndefined();
    const bound = hub && await credentials?.get(hub);
    expect(bound).toMatchObject({ kind: "basic", username: "ann" });
  });
});
