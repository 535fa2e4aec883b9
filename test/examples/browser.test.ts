import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { afterAll, describe, expect, inject, it } from "vitest";
import { CHROMIUM_ARGUMENTS, findChromium } from "../../tools/chromium.ts";
import { type ServedWorker, serveWorker } from "../../tools/serve_worker.ts";

const folder = join(inject("workspace"), "examples/browser");
const executablePath = findChromium();
const closers: (() => unknown)[] = [];

/** The page and its script, as any static host would serve them. */
async function servePage(script: string): Promise<string> {
  const server: Server = createServer(({ url = "/" }, answer) => {
    const isScript = url.startsWith("/page.js");
    answer.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    answer.end(isScript ? script : readFileSync(join(folder, "index.html")));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  closers.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function openDoor(origin: string): Promise<ServedWorker> {
  const config = {
    upstreams: [{ name: "sim", origin: inject("registryUrl"), insecure: true, default: true }],
    access: { anonymous: ["sim/library/hello:pull"] },
    cors: { origins: [origin] },
  };
  const door = await serveWorker({ port: 0, config: JSON.stringify(config), secrets: {} });
  closers.push(door.close);
  return door;
}

afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

const START_MS = 120_000; // a busy machine takes half a minute for it

describe.skipIf(executablePath === undefined)("browser", () => {
  it("the page shows an image through a front door on another origin", async () => {
    const { outputFiles } = await build({
      ...{ entryPoints: [join(folder, "page.ts")], bundle: true, format: "esm" },
      write: false,
    });
    const page = await servePage(outputFiles[0]?.text ?? "");
    const door = await openDoor(page);
    const browser = await chromium.launch({
      timeout: START_MS,
      args: [...CHROMIUM_ARGUMENTS],
      ...(executablePath !== undefined && { executablePath }),
    });
    closers.push(() => browser.close());
    const tab = await browser.newPage();
    tab.setDefaultTimeout(START_MS);
    const image = `${new URL(door.url).host}/library/hello:latest`;
    await tab.goto(`${page}/index.html?image=${encodeURIComponent(image)}`);
    await tab.waitForFunction('document.querySelector("#out").textContent !== "…"');
    const text = await tab.textContent("#out");
    expect(text).toMatch(/^127\.0\.0\.1:\d+\/library\/hello:latest is sha256:[0-9a-f]{64}\n/);
    expect(text?.match(/^sha256:[0-9a-f]{64} {2}\d+ bytes$/gm)).toHaveLength(2);
  });
});
