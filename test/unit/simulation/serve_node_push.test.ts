import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import type { ClientRequest, IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { createSimulation, generatedContent } from "../../../src/simulation/mod.ts";
import type {
  Content,
  FaultAction,
  PushSettings,
  Simulation,
} from "../../../src/simulation/mod.ts";
import { nodeHasher, serveHosts, serveSimulation } from "../../../src/simulation/serve_node.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

interface Served {
  readonly simulation: Simulation;
  readonly uploads: string;
  readonly port: number;
}

async function serve(push: PushSettings = {}): Promise<Served> {
  const simulation = createSimulation();
  simulation.registry("registry.test", { push: { hasher: nodeHasher, ...push } });
  const served = await serveSimulation({ simulation });
  open.push(served);
  return { simulation, uploads: `${served.url}/v2/a/blobs/uploads/`, port: served.port };
}

interface Sent {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly error: string | undefined;
}

/** What a plain HTTP client learns of its request. */
function send(
  method: string,
  url: string,
  { content, leaveAfter, headers = {} }: {
    content?: Content;
    leaveAfter?: number;
    headers?: Record<string, string>;
  } = {},
): Promise<Sent> {
  return new Promise((resolve) => {
    const length = { "content-length": String(content?.size ?? 0) };
    const options = { method, agent: false, headers: { ...length, ...headers } };
    const outgoing = request(url, options, (message) => {
      message.resume().on("end", () => {
        resolve({ status: message.statusCode, headers: message.headers, error: undefined });
      });
    });
    outgoing.on("error", (error: NodeJS.ErrnoException) => {
      resolve({ status: undefined, headers: {}, error: error.code ?? error.message });
    });
    if (content === undefined) outgoing.end();
    else write(outgoing, content, leaveAfter).catch(() => {}); // told by the error event
  });
}

async function write(
  outgoing: ClientRequest,
  content: Content,
  leaveAfter = Infinity,
): Promise<void> {
  const end = Math.min(content.size, leaveAfter);
  for (let at = 0; at < end && !outgoing.destroyed; at += 65_536) {
    const piece = content.read(at, Math.min(end, at + 65_536));
    await new Promise<void>((resolve, reject) => {
      outgoing.write(piece, (error) => error ? reject(error) : resolve());
    });
  }
  if (leaveAfter === Infinity) outgoing.end();
  else outgoing.destroy();
}

function digestOfContent(content: Content): string {
  const hash = createHash("sha256");
  for (let at = 0; at < content.size; at += 65_536) {
    hash.update(content.read(at, Math.min(content.size, at + 65_536)));
  }
  return `sha256:${hash.digest("hex")}`;
}

async function openUpload(uploads: string): Promise<string> {
  return (await send("POST", uploads)).headers.location ?? "";
}

const SIZE = 1024 * 1024 + 17;
const CONTENT = generatedContent(1, SIZE);
const DIGEST = digestOfContent(CONTENT);

describe("pushes over HTTP", () => {
  it("POST, PATCH, PUT, and the same bytes back", async () => {
    const { uploads, simulation } = await serve();
    const location = await openUpload(uploads);
    expect(location).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v2\/a\/blobs\/uploads\//);
    const patch = await send("PATCH", location, { content: CONTENT });
    expect([patch.status, patch.headers.range]).toEqual([202, `0-${SIZE - 1}`]);
    const put = await send("PUT", `${location}?digest=${DIGEST}`);
    expect(put.status).toBe(201);
    const back = new Uint8Array(await (await fetch(put.headers.location ?? "")).arrayBuffer());
    expect(createHash("sha256").update(back).digest("hex")).toBe(DIGEST.slice(7));
    expect(
      simulation.log.map(({ method, bodyBytes, status, outcome }) =>
        [method, bodyBytes, status, outcome].join(" ")
      ),
    ).toEqual([
      "POST 0 202 complete",
      `PATCH ${SIZE} 202 complete`,
      "PUT 0 201 complete",
      "GET 0 200 complete",
    ]);
  });

  it("keep: digest takes 256 MiB without holding it", async () => {
    const { uploads, simulation } = await serve({ keep: "digest" });
    const content = generatedContent(2, 256 * 1024 * 1024 + 1);
    const digest = digestOfContent(content);
    const url = `${await openUpload(uploads)}?digest=${digest}`;
    expect((await send("PUT", url, { content })).status).toBe(201);
    const blob = simulation.registry("registry.test").repository("a").blobs.get(digest);
    expect(blob?.size).toBe(content.size);
    expect(() => blob?.read(0, 1)).toThrow(TypeError);
  });

  it("a client that leaves in the middle leaves what came", async () => {
    const { uploads, simulation } = await serve();
    const location = await openUpload(uploads);
    await send("PATCH", location, { content: CONTENT, leaveAfter: 500_000 });
    await expect.poll(() => simulation.log.at(-1)?.outcome, { timeout: 30_000 }).toBe("cancelled");
    expect((await send("GET", location)).headers.range)
      .toBe(`0-${(simulation.log[1]?.bodyBytes ?? 0) - 1}`);
    expect(simulation.log[1]?.bodyBytes).toBeLessThanOrEqual(500_000);
  });
});

describe("faults of uploads over HTTP", () => {
  const places = [0, 1, 65_535, 65_536, 524_289, SIZE - 1];

  it.each(["close", "reset"] as const)(
    "cut-request by %s keeps exactly so many bytes",
    async (by) => {
      for (const at of places) {
        const { uploads, simulation } = await serve();
        const location = await openUpload(uploads);
        const action: FaultAction = { kind: "cut-request", at, by };
        simulation.faults.add({ method: "PATCH", action });
        const { status, error } = await send("PATCH", location, { content: CONTENT });
        expect([status, error]).toEqual([undefined, expect.stringMatching(/ECONNRESET|EPIPE/)]);
        expect(simulation.log.at(-1)).toMatchObject({ bodyBytes: at, outcome: by, status: 0 });
        expect((await send("GET", location)).headers.range).toBe(`0-${Math.max(0, at - 1)}`);
      }
    },
  );

  it("cut-request by stall: nothing happens until the client leaves", async () => {
    const { uploads, simulation } = await serve();
    const location = await openUpload(uploads);
    const action: FaultAction = { kind: "cut-request", at: 1000, by: "stall" };
    simulation.faults.add({ method: "PATCH", action });
    const options = { method: "PATCH", body: CONTENT.read(0, SIZE) };
    const leaving = new AbortController();
    const left = expect(fetch(location, { ...options, signal: leaving.signal })).rejects
      .toMatchObject({ name: "AbortError" });
    await expect.poll(() => simulation.log[1]?.outcome, { timeout: 30_000 }).toBe("stall");
    await new Promise((resolve) => setTimeout(resolve, 100)); // nothing may happen
    leaving.abort();
    await left;
    expect((await send("GET", location)).headers.range).toBe("0-999");
  });

  it.each(["close", "reset"] as const)("a 201 lost by %s: the blob is there", async (by) => {
    const { uploads, simulation } = await serve();
    const location = await openUpload(uploads);
    simulation.faults.add({ method: "PUT", action: { kind: "drop", by } });
    const put = await send("PUT", `${location}?digest=${DIGEST}`, { content: CONTENT });
    expect(put.error).toBe("ECONNRESET");
    const head = await fetch(uploads.replace("uploads/", DIGEST), { method: "HEAD" });
    expect(head.headers.get("content-length")).toBe(String(SIZE));
  });

  it.each(["close", "reset"] as const)("unseen, by %s: nothing is stored", async (by) => {
    const { uploads, simulation } = await serve();
    const location = await openUpload(uploads);
    simulation.faults.add({ method: "PATCH", action: { kind: "drop", by, unseen: true } });
    const patch = await send("PATCH", location, { content: CONTENT });
    expect(patch.error).toMatch(/ECONNRESET|EPIPE/);
    expect(simulation.log.at(-1)).toMatchObject({ bodyBytes: 0, outcome: by });
    expect((await send("GET", location)).headers.range).toBe("0-0");
  });

  it("an early 413 comes while the body is still on its way", async () => {
    const { uploads, simulation } = await serve();
    const location = await openUpload(uploads);
    const action: FaultAction = { kind: "answer", status: 413, early: true };
    simulation.faults.add({ method: "PATCH", action });
    const content = generatedContent(1, 64 * 1024 * 1024);
    expect((await send("PATCH", location, { content })).status).toBe(413);
    expect(simulation.log.at(-1)?.bodyBytes).toBe(0);
  });

  it("a client that leaves before the commit does not undo it", async () => {
    const { uploads, simulation } = await serve();
    const location = await openUpload(uploads);
    simulation.faults.add({
      method: "PUT",
      action: { kind: "delay", ms: 2_000, before: "commit" },
    });
    const put = `${location}?digest=${DIGEST}`;
    const body = CONTENT.read(0, SIZE);
    const leaving = new AbortController();
    const left = expect(fetch(put, { method: "PUT", body, signal: leaving.signal })).rejects
      .toMatchObject({ name: "AbortError" });
    await expect.poll(() => simulation.log[1]?.bodyBytes, { timeout: 30_000 }).toBe(SIZE);
    leaving.abort();
    await left;
    await expect.poll(() => simulation.log[1], { timeout: 30_000 }).toMatchObject({
      status: 201,
      outcome: "cancelled",
      bodyBytes: SIZE,
    });
  });

  it("uploads that go on at another port", async () => {
    const simulation = createSimulation();
    const elsewhere = simulation.registry("uploads.test", { push: {} });
    simulation.registry("registry.test", { push: { uploadsAt: elsewhere } });
    const served = await serveHosts(simulation);
    open.push(served);
    const home = served.url("registry.test");
    const location = await openUpload(`${home}/v2/a/blobs/uploads/`);
    expect(location).toContain(served.url("uploads.test"));
    const put = await send("PUT", `${location}?digest=${DIGEST}`, { content: CONTENT });
    expect(put.headers.location).toBe(`${home}/v2/a/blobs/${DIGEST}`);
  });
});

const run = promisify(execFile);
const hasSkopeo = await run("skopeo", ["--version"]).then(() => true, () => false);

describe.skipIf(!hasSkopeo)("skopeo", () => {
  it("pushes the multi-arch demo and deletes it", async () => {
    const served = await serveSimulation({ push: {} });
    open.push(served);
    const directory = await mkdtemp(join(tmpdir(), "tidegate-"));
    const registry = `docker://127.0.0.1:${served.port}`;
    try {
      const copies = [
        [`${registry}/library/hello:latest`, `dir:${directory}`],
        [`dir:${directory}`, `${registry}/pushed/hello:v1`],
        [`${registry}/library/layers:40`, `${registry}/pushed/layers:40`],
      ];
      const insecure = ["--src-tls-verify=false", "--dest-tls-verify=false"];
      for (const [from = "", to = ""] of copies) {
        await run("skopeo", ["copy", "-q", "--all", ...insecure, from, to]);
      }
      const digests = await Promise.all(
        ["library/hello:latest", "pushed/hello:v1"].map((name) =>
          run("skopeo", ["inspect", "--raw", "--tls-verify=false", `${registry}/${name}`])
        ),
      );
      expect(digests[1]?.stdout).toBe(digests[0]?.stdout);
      await run("skopeo", ["delete", "--tls-verify=false", `${registry}/pushed/layers:40`]);
      const gone = await fetch(`${served.url}/v2/pushed/layers/manifests/40`);
      expect(gone.status).toBe(404);
    } finally {
      await rm(directory, { recursive: true });
    }
  }, 60_000);
});
