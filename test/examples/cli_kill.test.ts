import { spawn } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import {
  buildImage,
  type BuiltImage,
  createSimulation,
  type SimulatedRegistry,
} from "../../src/simulation/mod.ts";
import { nodeHasher, serveHosts } from "../../src/simulation/serve_node.ts";
import { type Outcome, run } from "../support/processes_node.ts";

const main = join(inject("workspace"), "node_modules", "tidegate", "dist", "cli", "tidegate.js");
/** How often each command is killed: a sample, or all of it. */
const KILLS = process.env["TIDEGATE_FULL"] ? 100 : 4;
const CHUNK_BYTES = 1024 * 1024;

const simulation = createSimulation();
const source: SimulatedRegistry = simulation.registry("source.test");
const target = simulation.registry("target.test", { push: { hasher: nodeHasher } });
const folder = join(inject("workspace"), "killed");
let image: BuiltImage;
let at = { source: "", target: "" };
let close = (): Promise<void> => Promise.resolve();

beforeAll(async () => {
  mkdirSync(folder);
  image = await buildImage({ layers: [48_000_000, 20_000_000], seed: 9, hasher: nodeHasher });
  source.add("acme/app", { image, tags: ["v1"] });
  const served = await serveHosts(simulation);
  const host = (name: string): string => new URL(served.url(name)).host;
  at = { source: `${host("source.test")}/acme/app:v1`, target: host("target.test") };
  close = served.close;
});
afterAll(() => close());

const env = (cache: string): Record<string, string> => ({
  TIDEGATE_CACHE: join(folder, cache),
  DOCKER_CONFIG: join(folder, "nowhere"),
  DOCKER_CHUNK_SIZE_MB: "1",
});

function tidegate(cache: string, ...words: readonly string[]): Promise<Outcome> {
  return run("node", [main, ...words], { env: env(cache) });
}

/** Start a command and kill it when some of it is done. */
async function kill(cache: string, afterMs: number, words: readonly string[]): Promise<void> {
  const child = spawn("node", [main, ...words], {
    env: { ...process.env, ...env(cache) },
    stdio: "ignore",
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  child.kill("SIGKILL");
  await ended;
}

/** Moments from the start of a process to its end, and a little behind; the same in every run. */
function moments(): readonly number[] {
  let state = 20_261_121;
  return Array.from({ length: KILLS }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return 150 + state % 1200;
  });
}

/** Bytes of bodies that were sent to the target since. */
function sentSince(seen: number): number {
  return simulation.log.slice(seen).filter(({ host }) => host === "https://target.test")
    .reduce((sum, { bodyBytes }) => sum + bodyBytes, 0);
}

const size = (): number =>
  image.layers.reduce((sum, { content }) => sum + content.size, 0) + 64 * 1024;

describe("killed at random moments", () => {
  it("pull: the cache never holds a wrong blob, and the last run ends right", async () => {
    for (const [i, moment] of moments().entries()) {
      const cache = `pull-${i % 4}`;
      await kill(cache, moment, ["pull", at.source]);
      const verified = await tidegate(cache, "cache", "verify");
      expect([0, 3]).toContain(verified.status); // 3: killed before there was a cache
    }
    const pulled = await tidegate("pull-0", "pull", at.source);
    expect(pulled).toMatchObject({ status: 0 });
    expect(pulled.stdout).toContain(image.digest);
    expect(await tidegate("pull-0", "cache", "verify")).toMatchObject({ status: 0 });
    for (let i = 1; i < 4; i++) rmSync(join(folder, `pull-${i}`), { recursive: true, force: true });
  }, 600_000);

  it.each(["push", "copy"])("%s: at most a chunk of each blob is sent again", async (name) => {
    if (name === "push") await tidegate("push", "pull", at.source);
    for (const [i, moment] of moments().entries()) {
      const to = `${at.target}/${name}-${i}/app:v1`;
      const seen = simulation.log.length;
      await kill(name, moment, [name, at.source, to]);
      const again = await tidegate(name, name, at.source, to);
      expect(again).toMatchObject({ status: 0 });
      expect(target.repository(`${name}-${i}/app`).tags.get("v1")).toBe(image.digest);
      // what was on its way when it was killed, of two layers
      expect(sentSince(seen)).toBeLessThanOrEqual(size() + 2 * 2 * CHUNK_BYTES);
    }
    expect((await tidegate(name, "uploads", "ls", "--json")).stdout).toBe('{"uploads":[]}\n');
  }, 600_000);
});
