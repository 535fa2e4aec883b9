import { spawn } from "node:child_process";
import {
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import {
  buildImage,
  type BuiltImage,
  createSimulation,
  type SimulatedRegistry,
  type Simulation,
} from "../../src/simulation/mod.ts";
import { nodeHasher, serveHosts } from "../../src/simulation/serve_node.ts";
import { run } from "../support/processes_node.ts";

/** A project that has tidegate among its dependencies. */
const project = join(inject("workspace"), "command");
const main = join(project, "node_modules", "tidegate", "dist", "cli", "tidegate.js");

/** How each runtime starts the command. */
const RUNTIMES: readonly (readonly [string, string, readonly string[]])[] = [
  ["Node", "node", [main]],
  ["Deno", "deno", ["run", "-A", "--quiet", "--node-modules-dir=manual", "npm:tidegate"]],
  ["Bun", "bun", [main]],
];

const simulation: Simulation = createSimulation();
const source: SimulatedRegistry = simulation.registry("source.test");
const target: SimulatedRegistry = simulation.registry("target.test", {
  push: { hasher: nodeHasher },
});
let image: BuiltImage;
let hosts = { source: "", target: "", close: (): Promise<void> => Promise.resolve() };

/** Bytes of a blob that a cache has in part. */
function partialBytes(cache: string, digest = ""): number {
  const paths = globSync(join(cache, ".tidegate", "partial", `*${digest.slice(7)}*`));
  // they are renamed while they are looked at
  return paths.reduce(
    (sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

beforeAll(async () => {
  mkdirSync(project);
  symlinkSync(join(inject("workspace"), "node_modules"), join(project, "node_modules"), "dir");
  const { dependencies, name, version } = JSON.parse(readFileSync("package.json", "utf8"));
  const manifest = { private: true, dependencies: { ...dependencies, [name]: version } };
  writeFileSync(join(project, "package.json"), JSON.stringify(manifest));
  image = await buildImage({
    layers: [24_000_000, 9_000_000, 400_000],
    seed: 5,
    hasher: nodeHasher,
  });
  source.add("acme/app", { image, tags: ["v1"] });
  const served = await serveHosts(simulation);
  const host = (name: string): string => new URL(served.url(name)).host;
  hosts = { source: host("source.test"), target: host("target.test"), close: served.close };
});
afterAll(() => hosts.close());

const env = (folder: string): Record<string, string> => ({
  TIDEGATE_CACHE: join(project, folder),
  DOCKER_CONFIG: join(project, "nowhere"),
  NO_COLOR: "1",
});

describe("the installed package", () => {
  it("npx tidegate --help", async () => {
    const linked = await run("npm", ["rebuild", "--ignore-scripts"], { cwd: project });
    expect(linked.status).toBe(0);
    const help = await run("npx", ["--no", "--", "tidegate", "--help"], { cwd: project });
    expect(help).toMatchObject({ status: 0 });
    expect(help.stdout).toContain("Usage: tidegate <command> [options]");
  });
});

describe.each(RUNTIMES)("the command on %s", (name, command, words) => {
  const folder = `cache-${name}`;
  const tidegate = (...args: string[]) =>
    run(command, [...words, ...args], { cwd: project, env: env(folder) });

  it("pulls, and pushes with the source switched off: equal digests", async () => {
    const pulled = await tidegate("pull", `${hosts.source}/acme/app:v1`);
    expect(pulled).toMatchObject({ status: 0 });
    expect(pulled.stdout).toContain(image.digest);
    const off = simulation.faults.add({
      host: "source.test",
      action: { kind: "drop", by: "reset" },
    });
    const to = `${hosts.target}/${name.toLowerCase()}/app:v1`;
    const pushed = await tidegate("push", `${hosts.source}/acme/app:v1`, to);
    off();
    expect(pushed).toMatchObject({ status: 0 });
    expect(target.repository(`${name.toLowerCase()}/app`).tags.get("v1")).toBe(image.digest);
    expect(await tidegate("cache", "verify")).toMatchObject({ status: 0 });
  });

  it("says what is wrong, with the right exit code", async () => {
    expect(await tidegate("digest", `${hosts.source}/acme/app:none`)).toMatchObject({ status: 3 });
    expect(await tidegate("digest", "A B")).toMatchObject({ status: 2, stdout: "" });
    expect(await tidegate("digest", "127.0.0.1:1/app")).toMatchObject({ status: 7 });
  });

  it("Ctrl-C is exit code 130, and the next run continues", async () => {
    const [layer] = image.layers;
    rmSync(join(project, folder), { recursive: true, force: true });
    const slow = simulation.faults.add({
      path: `*${layer?.digest}`,
      first: 1,
      action: { kind: "stall", at: 16_000_000 },
    });
    const args = [...words, "pull", `${hosts.source}/acme/app:v1`];
    const child = spawn(command, args, {
      cwd: project,
      env: { ...process.env, ...env(folder) },
      stdio: "ignore",
    });
    const ended = new Promise((resolve) => child.once("close", resolve));
    const kept = (): number => partialBytes(join(project, folder), layer?.digest);
    await expect.poll(kept, { timeout: 120_000 }).toBeGreaterThan(1_000_000);
    child.kill("SIGINT");
    expect(await ended).toBe(130);
    slow();
    const again = await tidegate("pull", `${hosts.source}/acme/app:v1`);
    expect(again).toMatchObject({ status: 0 });
    expect(again.stderr).toMatch(/continues at \d/);
  });
});
