import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { buildImage, createSimulation } from "../../../src/simulation/mod.ts";
import type { BuiltLayer, FaultAction, Simulation } from "../../../src/simulation/mod.ts";
import { nodeHasher, serveHosts, serveSimulation } from "../../../src/simulation/serve_node.ts";
import type { ServedHost } from "../../../src/simulation/serve_node.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

interface Served extends ServedHost {
  readonly simulation: Simulation;
  readonly layer: BuiltLayer;
  readonly blobUrl: string;
}

async function serveBlob(size: number, action?: FaultAction): Promise<Served> {
  const simulation = createSimulation();
  const { layers: [layer], ...image } = await buildImage({ layers: [size], hasher: nodeHasher });
  if (layer === undefined) throw new TypeError("No layer");
  simulation.registry("registry.test").add("a", { image: { ...image, layers: [] } });
  if (action) simulation.faults.add({ path: "/v2/*/blobs/*", action });
  const served = await serveSimulation({ simulation });
  open.push(served);
  return { ...served, simulation, layer, blobUrl: `${served.url}/v2/a/blobs/${layer.digest}` };
}

interface Arrival {
  readonly bytes: number;
  readonly digest: string;
  readonly complete: boolean;
  readonly error: string | undefined;
}

/** What a plain HTTP client gets, and how it learns of the end. */
function download(url: string): Promise<Arrival> {
  const hash = createHash("sha256");
  let bytes = 0;
  return new Promise((resolve) => {
    const end = (message: IncomingMessage | undefined, error?: NodeJS.ErrnoException): void => {
      const digest = `sha256:${hash.copy().digest("hex")}`;
      resolve({ bytes, digest, complete: message?.complete ?? false, error: error?.code });
    };
    request(url, { agent: false }, (message) => {
      message.on("data", (chunk: Uint8Array) => {
        bytes += chunk.length;
        hash.update(chunk);
      });
      message.on("end", () => end(message));
      message.on("error", (error) => end(message, error));
    }).on("error", (error) => end(undefined, error)).end();
  });
}

/** Everything a server sends on one connection, and how the connection ends. */
function rawExchange(url: string, path: string): Promise<{ text: string; end: string }> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let text = "";
    socket.setEncoding("latin1").on("data", (data) => text += data);
    socket.on("end", () => resolve({ text, end: "FIN" }));
    socket.on("error", (error: NodeJS.ErrnoException) => resolve({ text, end: error.code ?? "" }));
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n`);
  });
}

describe("serveSimulation()", () => {
  it("serves the demo when nothing else is given", async () => {
    const served = await serveSimulation();
    open.push(served);
    const response = await fetch(`${served.url}/v2/library/hello/tags/list`);
    expect(await response.json()).toMatchObject({ tags: ["1", "1.0", "docker", "latest"] });
  });

  it("a 64 MiB blob arrives whole; the log knows", async () => {
    const { blobUrl, layer, simulation } = await serveBlob(64 * 1024 * 1024 + 17);
    expect(await download(blobUrl)).toMatchObject({ complete: true, digest: layer.digest });
    expect(simulation.log.at(-1)).toMatchObject({
      outcome: "complete",
      sentBytes: layer.content.size,
    });
  });

  const size = 1024 * 1024 + 17;
  const places = [0, 1, 65_535, 65_536, 65_537, 524_289, size - 1];

  it.each(places)("cut by close at %i: so many bytes, then FIN", async (at) => {
    const { blobUrl, simulation } = await serveBlob(size, { kind: "cut", at, by: "close" });
    expect(await download(blobUrl)).toMatchObject({
      bytes: at,
      complete: false,
      error: "ECONNRESET",
    });
    expect(simulation.log.at(-1)).toMatchObject({ sentBytes: at, outcome: "close" });
  });

  it.each(places)("cut by reset at %i: so many bytes, then RST", async (at) => {
    const { url, layer } = await serveBlob(size, { kind: "cut", at, by: "reset" });
    const { text, end } = await rawExchange(url, `/v2/a/blobs/${layer.digest}`);
    const [head = ""] = text.split("\r\n\r\n", 1);
    expect(text.length - head.length - 4).toBe(at);
    expect(head).toContain(`content-length: ${size}`);
    expect(end).toBe("ECONNRESET");
  });

  it("chunked without its last chunk", async () => {
    const { url, layer, simulation } = await serveBlob(5000, { kind: "frame", by: "chunked" });
    simulation.faults.add({ action: { kind: "cut", at: 5000, by: "close" } });
    const { text, end } = await rawExchange(url, `/v2/a/blobs/${layer.digest}`);
    expect([text.includes("1388\r\n"), text.includes("\r\n0\r\n\r\n"), end]).toEqual([
      true,
      false,
      "FIN",
    ]);
    expect((await download(`${url}/v2/a/blobs/${layer.digest}`)).complete).toBe(false);
  });

  it("a body that ends with the connection has no length, and is complete wherever it ends", async () => {
    const { blobUrl, url, layer, simulation } = await serveBlob(5000, {
      kind: "frame",
      by: "until-close",
    });
    const { text, end } = await rawExchange(url, `/v2/a/blobs/${layer.digest}`);
    expect([/content-length|chunked/.test(text.split("\r\n\r\n", 1)[0] ?? ""), end])
      .toEqual([false, "FIN"]);
    simulation.faults.add({ action: { kind: "cut", at: 10, by: "close" } });
    expect(await download(blobUrl)).toMatchObject({ bytes: 10, complete: true });
  });

  it.each([10_000, 10])("Content-Length that says %i of 5000 is sent as it is", async (length) => {
    const set = { "content-length": String(length) };
    const { url, layer } = await serveBlob(5000, { kind: "headers", set });
    const { text, end } = await rawExchange(url, `/v2/a/blobs/${layer.digest}`);
    const head = text.split("\r\n\r\n", 1)[0] ?? "";
    expect(head).toContain(`content-length: ${length}`);
    expect([text.length - head.length - 4, end]).toEqual([5000, "FIN"]);
  });

  it("a stall holds the connection until close(), which leaves nothing", async () => {
    const { url, layer, simulation, close } = await serveBlob(size, { kind: "stall", at: 100 });
    const waiting = rawExchange(url, `/v2/a/blobs/${layer.digest}`);
    while (simulation.log.at(-1)?.outcome !== "stall") await new Promise(setImmediate);
    await close();
    expect((await waiting).text.split("\r\n\r\n")[1]).toHaveLength(100);
    await expect(fetch(url)).rejects.toThrow();
  });

  it.each(["close", "reset"] as const)("drop by %s answers nothing", async (by) => {
    const { url } = await serveBlob(10, { kind: "drop", by });
    const { text, end } = await rawExchange(url, "/v2/a/blobs/x");
    expect([text, end]).toEqual(["", by === "close" ? "FIN" : "ECONNRESET"]);
  });

  it("a reader that leaves is noticed", async () => {
    const { blobUrl, simulation } = await serveBlob(64 * 1024 * 1024);
    const controller = new AbortController();
    const response = await fetch(blobUrl, { signal: controller.signal });
    await response.body?.getReader().read();
    controller.abort();
    while (simulation.log.at(-1)?.outcome === "open") await new Promise(setImmediate);
    expect(simulation.log.at(-1)?.outcome).toBe("cancelled");
  });

  it("keeps the request line and repeated headers as they came", async () => {
    const { url, simulation } = await serveBlob(10);
    const { hostname, port } = new URL(url);
    await new Promise<void>((resolve) => {
      const options = {
        method: "POST",
        hostname,
        port,
        path: "/v2/a/../%2e/x?y=%20",
        agent: false,
      };
      request({ ...options, headers: { "x-a": ["1", "2"] } }, (message) => {
        message.resume().on("end", resolve);
      }).end("body");
    });
    expect(simulation.log.at(-1)).toMatchObject({
      target: "/v2/a/../%2e/x?y=%20",
      headers: { "x-a": "1, 2" },
      bodyBytes: 4,
    });
  });
});

describe("serveSimulation(): odd requests", () => {
  it.each([
    ["GET http://else.test/v2/ HTTP/1.1\r\nhost: x\r\n\r\n", "GET", "http://else.test/v2/"],
    ["OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n", "OPTIONS", "*"],
    ["canary-not-http\r\n\r\n", "?", ""],
  ])("%j is logged", async (bytes, method, target) => {
    const { port, simulation } = await serveBlob(10);
    const socket = connect(port, "127.0.0.1");
    socket.end(bytes);
    await new Promise((resolve) => socket.on("close", resolve).resume());
    expect(simulation.log.at(-1)).toMatchObject({ method, target });
  });
});

describe("serveHosts()", () => {
  it("realms and redirects name the loopback addresses of the other hosts", async () => {
    const simulation = createSimulation();
    const tokens = simulation.tokenService("auth.test");
    const registry = simulation.registry("registry.test", {
      auth: { mode: "bearer", tokens },
      redirect: { to: simulation.blobHost("cdn.test") },
    });
    const image = await buildImage({ layers: [5000] });
    registry.add("a", { image });
    const served = await serveHosts(simulation);
    open.push(served);
    const path = `${served.url("registry.test")}/v2/a/blobs/${image.layers[0]?.digest}`;
    const challenge = (await fetch(path)).headers.get("www-authenticate") ?? "";
    const realm = /realm="([^"]*)"/.exec(challenge)?.[1];
    expect(realm).toBe(`${served.url("auth.test")}/token`);
    const answer = await fetch(`${realm}?service=registry.test&scope=repository:a:pull`);
    const { token } = await answer.json() as { token: string };
    const blob = await fetch(path, { headers: { authorization: `Bearer ${token}` } });
    expect(blob.url).toContain(served.url("https://cdn.test"));
    expect((await blob.arrayBuffer()).byteLength).toBe(5000);
  });
});

const run = promisify(execFile);
const hasSkopeo = await run("skopeo", ["--version"]).then(() => true, () => false);

describe.skipIf(!hasSkopeo)("skopeo", () => {
  it("copies the multi-arch demo and the image of 40 layers, and lists tags", async () => {
    const served = await serveSimulation();
    open.push(served);
    const directory = await mkdtemp(join(tmpdir(), "tidegate-"));
    const from = `docker://127.0.0.1:${served.port}/library`;
    try {
      for (
        const [name, flags, least] of [["hello:latest", ["--all"], 15], [
          "layers:40",
          [],
          42,
        ]] as const
      ) {
        const to = join(directory, name.split(":")[0] ?? "");
        await run("skopeo", [
          "copy",
          "-q",
          ...flags,
          "--src-tls-verify=false",
          `${from}/${name}`,
          `dir:${to}`,
        ]);
        const files = (await readdir(to)).filter((file) => /^[0-9a-f]{64}$/.test(file));
        expect(files.length + 1).toBeGreaterThanOrEqual(least);
        for (const file of files) {
          const digest = createHash("sha256").update(await readFile(join(to, file))).digest("hex");
          expect(digest).toBe(file);
        }
      }
      const { stdout } = await run("skopeo", ["list-tags", "--tls-verify=false", `${from}/hello`]);
      expect(JSON.parse(stdout)).toMatchObject({ Tags: ["1", "1.0", "docker", "latest"] });
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
