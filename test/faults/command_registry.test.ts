/** The command as a process: registries that go down halfway, and several processes on one cache. */
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  COMMAND_RUNTIMES,
  type CommandRuntime,
  startTidegate,
  tidegate,
} from "../support/command_node.ts";
import { KILLED, type Killed, pullOnce, wordsOf } from "./command_kill.ts";
import {
  blobReads,
  CHUNK,
  type CommandWorld,
  expectRightCache,
  openCommandWorld,
  sumBy,
  uploadWrites,
} from "./command_world.ts";

let world: CommandWorld;
beforeEach(async () => void (world = await openCommandWorld()));
afterEach(() => world.close());

const POLL_MS = 2;
/** A breaker that tries again after a second: the usual half a minute is waited for several times. */
const HASTY = "docker_hub: { resilience: { circuit_breaker: { reset_timeout_seconds: 1 } } }";

/** The environment of a command that gives up soon. */
function hasty(): Record<string, string> {
  writeFileSync(world.path("hasty.yaml"), HASTY);
  return { TIDEGATE_CONFIG_FILE: world.path("hasty.yaml") };
}

const arrived = (): number => uploadWrites(world).reduce((sum, one) => sum + one.bodyBytes, 0);
const sent = (): number => blobReads(world).reduce((sum, one) => sum + one.sentBytes, 0);

function slowDown(): () => void {
  return world.simulation.faults.add(
    { method: "GET", path: "*/blobs/*", action: { kind: "pace", bytes: 32 * 1024, everyMs: 4 } },
    { method: "PATCH", action: { kind: "delay", ms: 60, before: "answer" } },
  );
}

async function until(isDue: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !isDue() && Date.now() < end;) await sleep(POLL_MS);
}

/** What each blob's readers were sent together. */
function readsOf(): ReadonlyMap<string, number> {
  return sumBy(
    blobReads(world),
    ({ sentBytes }) => sentBytes,
    ({ target }) => target.slice(target.indexOf("sha256:")),
  );
}

describe.each(KILLED)("%s, and a registry that goes down halfway", (kind: Killed) => {
  const ends = kind === "copy" ? ["source", "target"] as const : [
    kind === "pull" ? "source" as const : "target" as const,
  ];

  it.each(ends)("the %s: exit code 7, and the next run goes on", async (end) => {
    const pulled = await pullOnce();
    try {
      const cache = world.path("cache");
      if (kind === "push") pulled.copyTo(cache);
      const fast = slowDown();
      const words = wordsOf(kind, world, pulled.name);
      const running = startTidegate("node", cache, words, hasty());
      await until(() => (kind === "pull" ? sent() : arrived()) > 3_500_000);
      await world.stop(end);
      expect(await running.ended).toMatchObject({
        status: 7,
        stdout: "",
        stderr: expect.stringMatching(/\nError: .*\nNext: .*continue/),
      });
      await world.start(end);
      fast();
      const [reads, writes] = [sent(), arrived()];
      const digest = kind === "copy" ? world.index.digest : world.image.digest;
      const again = await tidegate("node", cache, words);
      expect(again).toMatchObject({ status: 0, stdout: expect.stringContaining(digest) });
      expect(again.stderr).toMatch(/continues at/);
      // of each blob in flight a chunk; of a copy's source, three: see command_killed.test.ts
      const images = kind === "copy" ? world.index.children : [world.image];
      const blobs = images.flatMap((image) => image.blobs);
      const all = blobs.reduce((sum, { content }) => sum + content.size, 0);
      if (kind !== "push") expect(sent()).toBeLessThan(all + (kind === "copy" ? 12 : 4) * CHUNK);
      if (kind !== "pull") expect(arrived()).toBeLessThan(all + 4 * CHUNK);
      expect(sent() + arrived() - reads - writes).toBeGreaterThan(CHUNK);
      await expectRightCache("node", cache);
    } finally {
      await pulled.remove();
    }
  });
});

describe("several processes on one cache", () => {
  it("pull the same image on all runtimes at once: each blob comes once", async () => {
    const fast = slowDown();
    const cache = world.path("cache");
    const all = COMMAND_RUNTIMES.map((runtime) => tidegate(runtime, cache, ["pull", world.name]));
    for (const outcome of await Promise.all(all)) {
      expect(outcome).toMatchObject({
        status: 0,
        stdout: expect.stringContaining(world.image.digest),
      });
    }
    fast();
    for (const { content, digest } of world.image.blobs) {
      expect(readsOf().get(digest)).toBe(content.size);
    }
    await expectRightCache("node", cache);
  });

  it.each(COMMAND_RUNTIMES)("one is killed, and %s takes over what it had", async (runtime) => {
    const fast = slowDown();
    const cache = world.path("cache");
    const first = startTidegate("node", cache, ["pull", world.name]);
    await until(() => sent() > 2_000_000);
    const second = startTidegate(runtime, cache, ["pull", world.name]);
    await until(() => world.simulation.log.some(isManifestOf(runtime)) || sent() > 6_000_000);
    first.signal("SIGKILL");
    await first.ended;
    expect(await second.ended).toMatchObject({ status: 0 });
    fast();
    for (const { content, digest } of world.image.blobs) {
      expect(readsOf().get(digest)).toBeLessThanOrEqual(content.size + 2 * CHUNK);
    }
    await expectRightCache(runtime, cache);
  });

  it("garbage is collected while an image is pulled: nothing of it goes", async () => {
    const fast = slowDown();
    const cache = world.path("cache");
    const running = startTidegate("node", cache, ["pull", world.name]);
    for (let i = 0; i < 3; i++) {
      await until(() => sent() > 2_000_000 * (i + 1));
      const runtime = COMMAND_RUNTIMES[i] ?? "node";
      const words = ["cache", "gc", "--partial-days", "0"];
      expect(await tidegate(runtime, cache, words)).toMatchObject({ status: 0 });
    }
    expect(await running.ended).toMatchObject({ status: 0 });
    fast();
    await expectRightCache("node", cache);
    for (const { content, digest } of world.image.blobs) {
      expect(readsOf().get(digest)).toBe(content.size);
    }
  });

  it("push the same image to one place at once", async () => {
    const pulled = await pullOnce();
    const fast = slowDown();
    try {
      const cache = world.path("cache");
      pulled.copyTo(cache);
      const words = wordsOf("push", world, pulled.name);
      const all = COMMAND_RUNTIMES.map((runtime) => tidegate(runtime, cache, words));
      for (const outcome of await Promise.all(all)) expect(outcome).toMatchObject({ status: 0 });
      fast();
      expect(world.target.repository("moved/app").tags.get("v1")).toBe(world.image.digest);
      const { stdout } = await tidegate("node", cache, ["uploads", "ls", "--json"]);
      expect(JSON.parse(stdout)).toMatchObject({ uploads: [] });
      expect(await tidegate("node", cache, words)).toMatchObject({
        status: 0,
        stdout: expect.stringContaining("was there already"),
      });
    } finally {
      fast();
      await pulled.remove();
    }
  });
});

/** The request of a runtime for a manifest: its agent tells. */
function isManifestOf(
  runtime: CommandRuntime,
): (
  entry: { readonly target: string; readonly headers: Readonly<Record<string, string>> },
) => boolean {
  return ({ headers, target }) =>
    target.includes("/manifests/") &&
    (headers["user-agent"] ?? "").toLowerCase().includes(runtime);
}
