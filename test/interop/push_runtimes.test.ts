import { createReadStream, readdirSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleWorker, workerCompatibility } from "../../tools/worker_bundle.ts";
import { type LayoutDescriptor, LayoutWriter } from "../support/oci_layout_node.ts";
import { run, temporaryFolder } from "../support/processes_node.ts";
import { digestsOf, failure, skopeoPull, skopeoPush } from "./clients.ts";
import { sha256Hex } from "./front_door.ts";
import { BY_HAND, PART_BYTES, type PushReport, SBOM } from "./push_set.ts";
import { type RealRegistry, startRegistry } from "./registries.ts";

const MIB = 1024 * 1024;
/** A few requests; 1 GiB with `--full`. */
const BIG_BYTES = process.env["TIDEGATE_FULL"] === "1" ? 1024 * MIB : 36 * MIB;
const PUSH_MS = 500_000;
const CHILD = "test/interop/push_set_child.ts";
const WORKER = "test/interop/push_set_worker.ts";
const RUNTIMES = ["node", "deno", "bun", "workerd"] as const;
/** Default length of a chunk that is held on each, as docs/library.md says. */
const CHUNK_MIB = { node: 16, deno: 7, bun: 10, workerd: 7 };
const IMAGES = ["one", "forty", "multi", "big", BY_HAND] as const;

const folder = temporaryFolder("push-runtimes");
const at = (name: string): string => join(folder.path, name);
const layout = new LayoutWriter(at("layout"));
const made = new Map<string, LayoutDescriptor>();
const expected = new Map<string, Record<string, string>>();
let registry: RealRegistry;
let files: Server;

/** Files of an image as skopeo gets them from the registry. */
async function filesOf(image: string): Promise<Record<string, string>> {
  const out = at(`pulled-${sha256Hex(image).slice(0, 16)}`);
  expect(failure(await skopeoPull(`${registry.host}/${image}`, out))).toBe("");
  return await digestsOf(out);
}

/** In bytes: the layer of `big`, with what gzip adds. */
function largestBlob(): number {
  const blobs = join(layout.folder, "blobs", "sha256");
  return Math.max(...readdirSync(blobs).map((name) => statSync(join(blobs, name)).size));
}

/**
 * The fewest requests that a blob of so many MiB takes, and the most. On Node one of 1 MiB is held; then
 * come at least 32 MiB, up to 64 as the first was fast; the end is held again.
 */
function requestsFor(runtime: (typeof RUNTIMES)[number], mib: number): readonly [number, number] {
  const held = CHUNK_MIB[runtime];
  if (runtime !== "node") return [Math.ceil(mib / held), Math.ceil(mib / held)];
  const count = (streamed: number): number => {
    let requests = 1;
    for (let left = mib - 1; left > 0; requests++) left -= left <= held ? held : streamed;
    return requests;
  };
  return [count(64), count(2 * held)];
}

/** The layout over HTTP, in parts as they are asked for: workerd has no files. */
function serveFiles(): Promise<Server> {
  const server = createServer(({ headers, url = "" }, answer) => {
    const start = Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1] ?? 0);
    const file = createReadStream(join(layout.folder, url), { start });
    file.once("open", () => answer.writeHead(start > 0 ? 206 : 200));
    file.once("error", () => answer.writeHead(404).end());
    file.pipe(answer);
    answer.once("close", () => file.destroy());
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

async function pushFromWorker(target: string): Promise<PushReport> {
  const { date, flags } = workerCompatibility();
  const worker = new Miniflare(convertV4MiniflareOptions({
    ...{ host: "127.0.0.1", port: 0, cf: false, modules: await bundleWorker(WORKER) },
    ...{ compatibilityDate: date, compatibilityFlags: flags },
  }));
  try {
    const address = files.address();
    const url = await worker.ready;
    const port = typeof address === "object" ? address?.port : 0;
    url.search = `${new URLSearchParams({ files: `http://127.0.0.1:${port}`, at: target })}`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(PUSH_MS) });
    if (!answer.ok) throw new Error(await answer.text());
    return await answer.json() as PushReport;
  } finally {
    await worker.dispose();
  }
}

async function pushFrom(runtime: typeof RUNTIMES[number]): Promise<PushReport> {
  const target = `${registry.host}/${runtime}`;
  if (runtime === "workerd") return await pushFromWorker(target);
  const args = [...(runtime === "deno" ? ["run", "-A"] : []), CHILD, layout.folder, target];
  const outcome = await run(runtime, args, { timeoutMs: PUSH_MS });
  if (outcome.status !== 0) throw new Error(outcome.stderr);
  return JSON.parse(outcome.stdout) as PushReport;
}

beforeAll(async () => {
  made.set("one", await layout.image("one", { layers: 1, layerBytes: 100_000 }));
  made.set("forty", await layout.image("forty", { layers: 40, layerBytes: 50_000 }));
  made.set("multi", await layout.index("multi", ["amd64", "arm64", "s390x"]));
  made.set("big", await layout.image("big", { layers: 1, layerBytes: BIG_BYTES }));
  made.set(BY_HAND, await layout.image(BY_HAND, { layers: 2, layerBytes: 2.5 * PART_BYTES }));
  registry = await startRegistry(at("registry"));
  files = await serveFiles();
  for (const image of IMAGES) {
    await skopeoPush(layout.folder, image, `${registry.host}/made/${image}:latest`);
    expected.set(image, await filesOf(`made/${image}:latest`));
  }
});

afterAll(async () => {
  files?.close();
  await registry?.stop();
  folder.remove();
});

/** The referrers of `one` by the fallback tag: skopeo 1.9 takes their `artifactType` for a fault. */
async function listedIn(runtime: string): Promise<unknown> {
  const tag = made.get("one")?.digest.replace(":", "-");
  const headers = { accept: "application/vnd.oci.image.index.v1+json" };
  const url = `http://${registry.host}/v2/${runtime}/one/manifests/${tag}`;
  return (await (await fetch(url, { headers })).json() as { manifests: object[] }).manifests;
}

describe.each(RUNTIMES)("the library pushes from %s", (runtime) => {
  let report: PushReport;

  it("the whole set, in as many requests as it takes", async () => {
    report = await pushFrom(runtime);
    expect(report.images)
      .toEqual(Object.fromEntries([...made].map(([name, { digest }]) => [name, digest])));
    const counts = Object.values(report.requests);
    expect(counts.filter((count) => count === 1).length).toBeGreaterThan(40);
    const [fewest, most] = requestsFor(runtime, largestBlob() / MIB);
    expect(Math.max(...counts)).toBeGreaterThanOrEqual(fewest);
    expect(Math.max(...counts)).toBeLessThanOrEqual(most);
    expect(counts.filter((count) => count === 3).length).toBeGreaterThanOrEqual(2);
  });

  it.each(IMAGES)("skopeo reads %s back as it was made", async (image) => {
    expect(await filesOf(`${runtime}/${image}:latest`)).toEqual(expected.get(image));
  });

  it("skopeo reads the second tag, and the artifact, which is listed", async () => {
    expect(await filesOf(`${runtime}/${BY_HAND}:again`)).toEqual(expected.get(BY_HAND));
    const { digest, layer, listedBy } = report.artifact;
    expect([listedBy, layer]).toEqual(["tag", `sha256:${sha256Hex(SBOM)}`]);
    const artifact = await filesOf(`${runtime}/one@${digest}`);
    expect(`sha256:${artifact["manifest.json"]}`).toBe(digest);
    expect(Object.values(artifact)).toContain(sha256Hex(SBOM));
    expect(await listedIn(runtime)).toMatchObject([{ digest }]);
  });
});
