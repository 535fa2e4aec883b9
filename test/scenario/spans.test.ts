import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { context, SpanStatusCode, trace } from "@opentelemetry/api";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { basicCredential, staticCredentials } from "../../src/auth/mod.ts";
import { createRegistryClient, type RegistryClient } from "../../src/client/mod.ts";
import { otelObserver } from "../../src/observability/otel.ts";
import { buildImage, createSimulation, type Simulation } from "../../src/simulation/mod.ts";
import { APP, CANARY, noise, resolveUpstream } from "../support/client_scenario.ts";
import { begun, createMemorySdk, drawTrees, ManualContexts } from "../support/span_tree.ts";

const sdk = createMemorySdk();
const contexts = new ManualContexts();

beforeAll(() => {
  expect(otelObserver()).toBeUndefined();
  trace.setGlobalTracerProvider(sdk.provider);
  context.setGlobalContextManager(contexts);
});
afterEach(() => sdk.reset());
afterAll(() => {
  trace.disable();
  context.disable();
});

const IMAGE = await buildImage({ layers: [200_000] });
const EXCHANGE = ["    docker.http.execute", "      http.response"];
const CHECK = "    docker.rate_limiter.check";

interface World {
  readonly simulation: Simulation;
  readonly client: RegistryClient;
  readonly layer: string;
}

function createWorld(): World {
  const simulation = createSimulation();
  const tokens = simulation.tokenService("auth.example.com", { users: { user: CANARY } });
  const registry = simulation.registry(APP.registry, {
    auth: { mode: "bearer", tokens },
    push: {},
  });
  registry.add(APP.repository, { image: IMAGE, tags: ["v1"] });
  const observer = otelObserver();
  expect(observer).toBeTypeOf("function");
  const client = createRegistryClient({
    fetch: simulation.fetch,
    observer,
    credentials: staticCredentials({ [APP.registry]: basicCredential("user", CANARY) }),
    upstreams: [{
      ...resolveUpstream(APP.registry),
      tokenOrigins: ["https://auth.example.com"],
    }],
  });
  const [layer = ""] = IMAGE.layers.map(({ digest }) => digest);
  return { simulation, client, layer };
}

describe("spans of a pull", () => {
  it("are those of the documents: manifest and blob, with token and attempts", async () => {
    const { client, layer } = createWorld();
    await client.manifests.get(APP);
    await (await client.blobs.get(APP, layer)).bytes();
    expect(drawTrees(sdk.spans())).toEqual([
      "docker.blob.download",
      "  docker.auth.get_token",
      "  docker.blob.attempt",
      ...EXCHANGE,
      CHECK,
      "docker.manifest.get",
      "  docker.auth.get_token",
      "  docker.manifest.parse",
      "  docker.request",
      ...EXCHANGE, // refused without a token
      ...EXCHANGE,
      CHECK,
    ]);
  });

  it("carry image, digest, media type, outcome and status", async () => {
    const { client } = createWorld();
    const { digest, mediaType, size } = await client.manifests.get(APP);
    const [get, request] = ["docker.manifest.get", "docker.request"].map(named);
    expect(get?.attributes).toMatchObject({
      "docker.image": "registry.example.com/acme/app:v1",
      "docker.digest": digest,
      "docker.media_type": mediaType,
      "docker.outcome": "ok",
      "docker.size": size,
    });
    expect(request?.attributes).toMatchObject({
      "http.request.method": "GET",
      "http.response.status_code": 200,
      "url.full": "https://registry.example.com/v2/acme/app/manifests/v1",
    });
    expect(get?.status.code).toBe(SpanStatusCode.UNSET);
  });

  it("has an attempt for each connection of a blob that breaks", async () => {
    const { client, layer, simulation } = createWorld();
    const path = "/v2/*/blobs/*";
    simulation.faults.add({ path, first: 2, action: { kind: "cut", at: 100_000, by: "close" } });
    await (await client.blobs.get(APP, layer)).bytes();
    const attempts = sdk.spans().filter(({ name }) => name === "docker.blob.attempt");
    expect(attempts).toHaveLength(2);
    expect(named("docker.blob.download")?.attributes).toMatchObject({ "docker.outcome": "ok" });
  });

  it("of a whole image are one tree for the manifest and for each blob", async () => {
    const { client } = createWorld();
    const sink = {
      hasBlob: () => false,
      openBlob: () => Promise.resolve({ write: done, close: done, abort: done }),
      putManifest: () => {},
    };
    await client.pullImage(APP, sink);
    const roots = drawTrees(sdk.spans()).filter((line) => !line.startsWith(" "));
    expect(roots).toEqual(["docker.blob.download", "docker.blob.download", "docker.manifest.get"]);
  });

  it("fail with a code, and leave nothing open", async () => {
    const { client, layer, simulation } = createWorld();
    const path = "/v2/*/blobs/*";
    simulation.faults.add({ path, action: { kind: "flip", at: 5 } });
    const blob = await client.blobs.get(APP, layer);
    await expect(blob.bytes()).rejects.toMatchObject({ code: "DIGEST_MISMATCH" });
    await expect(client.manifests.get({ ...APP, tag: "none" })).rejects.toThrow();
    await expect(client.blobs.get(APP, `sha256:${"0".repeat(64)}`)).rejects.toThrow();
    const failed = sdk.spans().filter(({ status }) => status.code === SpanStatusCode.ERROR);
    expect(failed.filter(({ name }) => /manifest.get|download/.test(name)).map(outcomeOf))
      .toEqual(["DIGEST_MISMATCH", "NOT_FOUND", "NOT_FOUND"]);
  });

  it("are children of the span that is active", async () => {
    const { client } = createWorld();
    const outer = sdk.provider.getTracer("test").startSpan("outer");
    const pull = context.with(
      trace.setSpan(context.active(), outer),
      () => client.manifests.get(APP),
    );
    await pull;
    outer.end();
    const { parentSpanContext, spanContext } = named("docker.manifest.get") ?? {};
    expect(parentSpanContext?.spanId).toBe(outer.spanContext().spanId);
    expect(spanContext?.call(named("docker.manifest.get")).traceId)
      .toBe(outer.spanContext().traceId);
  });
});

describe("spans of a push", () => {
  it("are those of the documents: start, chunks, end", async () => {
    const { client } = createWorld();
    const bytes = noise(350_000);
    await client.blobs.put(APP, bytes, { chunkBytes: 100_000 });
    const chunk = ["  docker.blob.chunk", ...EXCHANGE, CHECK];
    expect(drawTrees(sdk.spans())).toEqual([
      "docker.blob.upload",
      "  docker.auth.get_token",
      ...[...chunk, ...chunk, ...chunk, ...chunk],
      ...["  docker.blob.complete", ...EXCHANGE, CHECK],
      ...["  docker.blob.initiate", ...EXCHANGE, CHECK],
      ...["  docker.request", ...EXCHANGE, ...EXCHANGE, CHECK], // whether it is there, refused first
    ]);
    expect(named("docker.blob.upload")?.attributes).toMatchObject({
      "docker.outcome": "uploaded",
      "docker.size": bytes.length,
    });
    const starts = ["initiate", "chunk", "complete"].map((step) => named(`docker.blob.${step}`))
      .map((span) => span === undefined ? NaN : begun(span));
    expect(starts).toEqual(starts.toSorted((a, b) => a - b));
  });

  it("say that a blob was there", async () => {
    const { client, layer } = createWorld();
    await client.blobs.put(APP, new ReadableStream(), { digest: layer });
    expect(named("docker.blob.upload")?.attributes).toMatchObject({ "docker.outcome": "exists" });
  });
});

describe("spans of single requests", () => {
  it("are roots, with what was read of them", async () => {
    const { client } = createWorld();
    for await (const tag of client.tags.list(APP)) expect(tag).toBe("v1");
    expect(drawTrees(sdk.spans())).toEqual([
      "docker.request",
      "  docker.auth.get_token",
      ...[...EXCHANGE, ...EXCHANGE, CHECK].map((line) => line.slice(2)),
      "  docker.response.parse",
    ]);
  });

  it("hold no secret", async () => {
    const { client, layer } = createWorld();
    await client.manifests.get(APP);
    await (await client.blobs.get(APP, layer)).bytes();
    await client.blobs.put(APP, noise(1000));
    const told = sdk.spans().map(({ name, attributes, status }) => ({ name, attributes, status }));
    expect(told.length).toBeGreaterThan(10);
    expect(JSON.stringify(told)).not.toMatch(/Bearer|Basic|canary/i);
  });
});

function named(name: string): ReadableSpan | undefined {
  return sdk.spans().find((span) => span.name === name);
}

function outcomeOf({ attributes }: ReadableSpan): unknown {
  return attributes["docker.outcome"];
}

const done = (): Promise<void> => Promise.resolve();
