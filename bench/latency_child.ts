/**
 * Single operations inside Node, Deno or Bun, over a slow wire: `latency_child.ts RUNTIME ROUNDS
 * REGISTRY TOKENS`, where REGISTRY and TOKENS are the URLs of a registry that wants tokens and of the
 * service that gives them.
 *
 * In: the arguments. Out: lines on standard output. Next: `latency.ts` passes them on.
 * @module
 */
import { createRegistryClient, type RegistryClient } from "../src/client/mod.ts";
import { formatDigest, parseReference, type Reference } from "../src/reference/mod.ts";
import { resolveUpstream } from "../src/upstream/mod.ts";
import { type BenchLine, median, peakRssMib, rounded } from "./runner.ts";

const [runtime = "", roundsText = "1", registry = "", tokens = ""] = process.argv.slice(2);
const rounds = Number(roundsText);
const { host } = new URL(registry);
const ref = parseReference(`${host}/library/hello:latest`);
/** The tag that is written: the other is read on every runtime. */
const written = parseReference(`${host}/library/hello:written`);
const MB = 1_000_000;
const INDEX = "application/vnd.oci.image.index.v1+json";
/** What the client may add to a bare request, in milliseconds at the median. */
const MOST_OVERHEAD_MS = 2;
/** HEAD is judged by what it takes beyond the wire's own time. */
const WIRE_MS = 100;

/** An operation, the same as bare requests, and what it may take. */
interface Operation {
  readonly name: string;
  run(client: RegistryClient): Promise<unknown>;
  bare(): Promise<unknown>;
  /** Milliseconds at the median, and at the 99th percentile. */
  readonly p50: number;
  readonly p99?: number;
  readonly rounds: number;
  /** Bare requests, one after another; 0 if those of the client are not the very same. */
  readonly requests: number;
}

/** A client that knows the token service, and nothing else yet. */
function createClient(): RegistryClient {
  const upstream = { ...resolveUpstream(host), tokenOrigins: [new URL(tokens).origin] };
  return createRegistryClient({ upstreams: [upstream] });
}

const headers = { authorization: `Bearer ${await fetchToken()}`, accept: INDEX };
let made = 0;

async function fetchToken(): Promise<string> {
  const scope = "repository:library/hello:pull,push";
  const answer = await fetch(`${tokens}/token?service=registry.test&scope=${scope}`);
  return (await answer.json() as { readonly token: string }).token;
}

async function bare(path: string, init: RequestInit = {}): Promise<Response> {
  const url = new URL(path, registry);
  const response = await fetch(url, { ...init, headers: { ...headers, ...init.headers } });
  if (!response.ok && response.status !== 404) {
    throw new Error(`${url.pathname} ${response.status}`);
  }
  return response;
}

async function bareRead(path: string, init?: RequestInit): Promise<Uint8Array> {
  return new Uint8Array(await (await bare(path, init)).arrayBuffer());
}

/** Bytes that nobody has pushed yet. */
function freshBytes(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  new DataView(bytes.buffer).setUint32(0, ++made);
  bytes.set(new TextEncoder().encode(runtime), 4); // all runtimes push to one registry
  return bytes;
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return formatDigest("sha256", new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

/** HEAD, POST and PUT, as the client does it. */
async function bareUpload(size: number): Promise<void> {
  const body = freshBytes(size);
  const digest = await sha256(body);
  await bareRead(`/v2/library/hello/blobs/${digest}`, { method: "HEAD" });
  const started = await bare("/v2/library/hello/blobs/uploads/", { method: "POST" });
  const location = new URL(started.headers.get("location") ?? "", registry);
  location.searchParams.set("digest", digest);
  await bareRead(location.href, { method: "PUT", body });
}

function manifestBytes(): Uint8Array<ArrayBuffer> {
  const manifest = { schemaVersion: 2, mediaType: INDEX, manifests: [] };
  return new TextEncoder().encode(
    JSON.stringify({ ...manifest, annotations: { "org.example.made": `${runtime} ${++made}` } }),
  );
}

const upload = (size: number) => async (client: RegistryClient): Promise<unknown> =>
  await client.blobs.put(ref, freshBytes(size));

async function times(count: number, work: () => Promise<unknown>): Promise<void> {
  await Promise.all(Array.from({ length: count }, work));
}

async function allTags(client: RegistryClient): Promise<void> {
  for await (const _ of client.tags.list(ref)) { /* all of them */ }
}

const layer = await findLayer();

/** A layer of the image, for the downloads. */
async function findLayer(): Promise<string> {
  const client = createClient();
  const { manifest } = await client.manifests.get(ref, { platform: "linux/amd64" });
  return manifest.kind === "image" ? manifest.layers[0]?.digest ?? "" : "";
}

async function download(client: RegistryClient, of: Reference): Promise<void> {
  const { stream } = await client.blobs.get(of, layer);
  await new Response(stream).arrayBuffer();
}

const few = Math.min(rounds, 15);
const OPERATIONS: readonly Operation[] = [
  {
    ...{ name: "manifest-get", p50: 200, p99: 800, rounds, requests: 1 },
    run: (client) => client.manifests.get(ref),
    bare: () => bareRead("/v2/library/hello/manifests/latest"),
  },
  {
    ...{ name: "manifest-head", p50: 100 + WIRE_MS, rounds, requests: 1 },
    run: (client) => client.manifests.head(ref),
    bare: () => bareRead("/v2/library/hello/manifests/latest", { method: "HEAD" }),
  },
  {
    ...{ name: "tags-list", p50: 150, rounds, requests: 1 },
    run: allTags,
    bare: () => bareRead("/v2/library/hello/tags/list"),
  },
  {
    ...{ name: "manifest-put", p50: 300, rounds, requests: 1 },
    run: (client) => client.manifests.put(written, manifestBytes()),
    bare: () =>
      bareRead("/v2/library/hello/manifests/written", {
        ...{ method: "PUT", body: manifestBytes() },
        headers: { "content-type": INDEX },
      }),
  },
  {
    ...{ name: "upload-1MB", p50: 1000, rounds: few, requests: 3 },
    ...{ run: upload(MB), bare: () => bareUpload(MB) },
  },
  {
    ...{ name: "upload-10MB", p50: 5000, rounds: few, requests: 0 },
    ...{ run: upload(10 * MB), bare: () => bareUpload(10 * MB) },
  },
  {
    ...{ name: "10-downloads", p50: 1000, rounds: few, requests: 0 },
    run: (client) => times(10, () => download(client, ref)),
    bare: () => times(10, () => bareRead(`/v2/library/hello/blobs/${layer}`)),
  },
  {
    ...{ name: "5-uploads-1MB", p50: 2000, rounds: few, requests: 0 },
    run: (client) => times(5, () => upload(MB)(client)),
    bare: () => times(5, () => bareUpload(MB)),
  },
];

function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? NaN;
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function line(name: string, value: number, peer: number): BenchLine {
  const facts = { bench: "latency", runtime, case: name, vs: "limit", unit: "ms" };
  return {
    ...facts,
    ...{ ratio: rounded(peer / Math.max(value, 0.01)), value: rounded(value), peer },
    rss_mib: peakRssMib(),
  };
}

async function* measure(operation: Operation): AsyncGenerator<BenchLine> {
  const { name, p50, p99, requests } = operation;
  const cold = await time(() => operation.run(createClient()));
  const client = createClient();
  await operation.run(client);
  await operation.bare();
  const ours: number[] = [];
  const added: number[] = [];
  for (let round = 0; round < operation.rounds; round++) {
    const early = round % 2 ? await time(operation.bare) : undefined;
    const taken = await time(() => operation.run(client));
    ours.push(taken);
    added.push(taken - (early ?? await time(operation.bare)));
  }
  yield line(`${name}-p50`, median(ours), p50);
  yield line(`${name}-p99`, percentile(ours, 0.99), p99 ?? 4 * p50);
  if (requests > 0) yield line(`${name}-overhead`, median(added) / requests, MOST_OVERHEAD_MS);
  yield line(`${name}-cold`, cold, 4 * p50);
}

for (const operation of OPERATIONS) {
  for await (const one of measure(operation)) console.log(JSON.stringify(one));
}
