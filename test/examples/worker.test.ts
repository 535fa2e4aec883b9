import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, describe, expect, inject, it } from "vitest";
import { run } from "../support/processes_node.ts";

const workspace = inject("workspace");
const out = join(workspace, "worker");
const started: Miniflare[] = [];

const CONFIG = {
  upstreams: [
    { name: "hub", origin: inject("registryUrl"), insecure: true, default: true },
  ],
  access: { anonymous: ["hub/library/hello:pull"] },
};

/** What `wrangler deploy` would upload, in workerd. */
async function deploy(): Promise<URL> {
  const config = ["--config", join(workspace, "examples/worker/wrangler.toml")];
  const { status, stderr } = await run(
    "wrangler",
    ["deploy", "--dry-run", "--minify", "--outdir", out, ...config],
    { cwd: workspace, env: { CI: "1", WRANGLER_SEND_METRICS: "false" } },
  );
  expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
  const wasm = globSync(join(out, "*.wasm")).map((path) => ({
    ...{ type: "CompiledWasm" as const, path: basename(path), contents: readFileSync(path) },
  }));
  const contents = readFileSync(join(out, "worker.js"), "utf8");
  const worker = new Miniflare(convertV4MiniflareOptions({
    ...{ host: "127.0.0.1", port: 0, cf: false, compatibilityDate: "2026-10-01" },
    compatibilityFlags: ["no_nodejs_compat", "no_nodejs_compat_v2"],
    modules: [{ type: "ESModule", path: "worker.js", contents }, ...wasm],
    kvNamespaces: ["TOKENS"],
    bindings: { TIDEGATE_CONFIG: JSON.stringify(CONFIG) },
  }));
  started.push(worker);
  return await worker.ready;
}

afterAll(async () => {
  for (const worker of started) await worker.dispose();
});

describe("worker", () => {
  it("deploys from its wrangler.toml and serves what its rules open", async () => {
    const url = await deploy();
    const open = await fetch(new URL("/v2/library/hello/manifests/latest", url));
    expect(open.status).toBe(200);
    expect(open.headers.get("docker-content-digest")).toMatch(/^sha256:/);
    const closed = await fetch(new URL("/v2/library/layers/manifests/40", url));
    expect([401, 403]).toContain(closed.status);
    expect(await closed.text()).not.toContain(inject("registryHost"));
  });
});
