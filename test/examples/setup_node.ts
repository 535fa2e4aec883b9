import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { TestProject } from "vitest/node";
import { serveSimulation } from "../../src/simulation/serve_node.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** A folder with the examples, where `tidegate` is installed from its own tarball. */
    readonly workspace: string;
    /** The seeded simulation over HTTP: `http://127.0.0.1:PORT`, and without the scheme. */
    readonly registryUrl: string;
    readonly registryHost: string;
  }
}

/** What only tests of the examples need: bundlers and runtimes, as a user would install them. */
const TOOLS = ["esbuild", "itty-router", "miniflare", "wrangler"];

/**
 * Pack the package, install the tarball beside a copy of the examples, and link its dependencies.
 * What the examples then import is what a user gets: `dist` and the export map.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const workspace = mkdtempSync(join(tmpdir(), "tidegate-examples-"));
  const tarball = pack(workspace);
  const target = join(workspace, "node_modules", "tidegate");
  mkdirSync(target, { recursive: true });
  must("tar", ["-xzf", tarball, "-C", target, "--strip-components=1"]);
  const { dependencies } = JSON.parse(readFileSync("package.json", "utf8")) as {
    dependencies: Record<string, string>;
  };
  for (const name of new Set([...Object.keys(dependencies), ...TOOLS])) link(workspace, name);
  cpSync("examples", join(workspace, "examples"), { recursive: true });
  project.provide("workspace", workspace);
  const registry = await serveSimulation();
  project.provide("registryUrl", registry.url);
  project.provide("registryHost", new URL(registry.url).host);
  return async () => {
    await registry.close();
    rmSync(workspace, { recursive: true, force: true });
  };
}

function pack(folder: string): string {
  const args = ["pack", "--json", "--silent", "--pack-destination", folder];
  const [packed] = JSON.parse(must("npm", args).replace(/^[^[]*/, "")) as { filename: string }[];
  if (packed === undefined) throw new Error("npm pack wrote nothing");
  return join(folder, packed.filename);
}

function link(workspace: string, name: string): void {
  const path = join(workspace, "node_modules", name);
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(resolve("node_modules", name), path, "dir");
}

function must(command: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}
