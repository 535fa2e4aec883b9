import { readdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openLayout } from "../../../src/layout/mod.ts";
import { newOwnerName } from "../../../src/layout/owner_node.ts";
import { describeBytes, patternBytes } from "../../support/layouts_node.ts";
import { run, startServer, temporaryFolder } from "../../support/processes_node.ts";

const CHILD = "test/support/layout_child_node.ts";
const RUNTIMES = ["node", "deno", "bun"] as const;
const LENGTH = 1_000_000;
const PIECE = 20_000;
const BLOB = describeBytes(patternBytes(LENGTH));
/** Moments at which a process is killed. All of them with `--full`. */
const KILLS = process.env["TIDEGATE_FULL"] === "1" ? 100 : 6;

type Runtime = typeof RUNTIMES[number];

let folder: { path: string; remove: () => void };

function commandOf(runtime: Runtime): readonly string[] {
  return runtime === "deno" ? ["run", "-A", "--quiet", CHILD] : [CHILD];
}

/** How much of the blob is in the file that the process left. */
function unfinishedBytes(directory: string): number {
  const partial = join(directory, ".tidegate", "partial");
  const name = readdirSync(partial).find((one) => one.startsWith(BLOB.digest.replace(":", "-")));
  return name === undefined ? 0 : statSync(join(partial, name)).size;
}

beforeEach(() => {
  folder = temporaryFolder("processes");
});

afterEach(() => folder.remove());

describe("a layout on every runtime", () => {
  it.each(RUNTIMES)("does all that it does on Node: %s", async (runtime) => {
    const args = [...commandOf(runtime), "tour", folder.path];
    const { status, stdout, stderr } = await run(runtime, args);
    expect(stderr.replaceAll(/^.*Warning.*$/gm, "").trim()).toBe("");
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      read: true,
      offset: 100_000,
      entry: 1,
      archived: true,
      collected: { blobs: 1, partials: 0, bytes: 300_000 },
      verified: { blobs: 3, bytes: expect.any(Number), corrupt: [], missing: [] },
      missing: "CACHE_NOT_FOUND",
    });
  });
});

describe("a layout under Deno's permissions", () => {
  it("needs nothing but to read and to write", async () => {
    const allowed = [
      `--allow-read=${folder.path},${process.cwd()}`,
      `--allow-write=${folder.path}`,
    ];
    const args = ["run", "--quiet", "--no-prompt", ...allowed, CHILD];
    const { status, stderr } = await run("deno", [...args, "tour", folder.path]);
    expect(stderr).toBe("");
    expect(status).toBe(0);
    const refused = await run("deno", [...args, "tour", join(folder.path, "..", "elsewhere")]);
    expect(refused.stderr).toContain("Deno was not allowed to: see --allow-read");
  });
});

describe("processes that share a layout", () => {
  it("writes each blob once, and loses no name", async () => {
    const outcomes = await Promise.all(RUNTIMES.map((runtime) => {
      const args = [folder.path, `from/${runtime}:1`, LENGTH, PIECE, 10].map(String);
      return run(runtime, [...commandOf(runtime), "write", ...args]);
    }));
    expect(outcomes.map(({ status, stderr }) => status === 0 ? "" : stderr)).toEqual(["", "", ""]);
    const offsets = outcomes.map(({ stdout }) => Number(/offset (\d+)/.exec(stdout)?.[1]));
    expect(offsets.toSorted((a, b) => a - b)).toEqual([0, LENGTH, LENGTH]);
    const layout = await openLayout(folder.path, { create: false });
    const names = (await layout.names()).map(({ name }) => name).sort();
    expect(names).toEqual(RUNTIMES.map((runtime) => `from/${runtime}:1`).sort());
    expect(await layout.verify()).toMatchObject({ corrupt: [], missing: [] });
  });

  it("goes on after SIGKILL where the process had come to, with nothing wrong in it", async () => {
    for (let i = 0; i < KILLS; i++) {
      const directory = join(folder.path, String(i));
      const runtime = RUNTIMES[i % RUNTIMES.length] as Runtime;
      const args = [directory, "app:v1", LENGTH, PIECE, 4].map(String);
      const child = await startServer(runtime, [...commandOf(runtime), "write", ...args], /offset/);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 300));
      await child.kill();
      const layout = await openLayout(directory);
      expect(await layout.verify()).toMatchObject({ corrupt: [], missing: [] });
      const isWhole = await layout.hasBlob(BLOB);
      const written = isWhole ? LENGTH : unfinishedBytes(directory);
      const writer = await layout.blobWriter(BLOB);
      expect(writer.offset).toBe(written);
      await writer.write(patternBytes(LENGTH).subarray(writer.offset));
      await writer.close();
      expect(await layout.verify()).toMatchObject({ corrupt: [], missing: [] });
      await layout.close();
      await layout.gc({ partialAgeMs: 0 });
      expect(readdirSync(join(directory, ".tidegate", "partial"))).toEqual([]);
      expect(readdirSync(join(directory, ".tidegate", "sessions"))).toEqual([]);
    }
  }, 300_000);

  it("does not wait for the lock of a process that was killed", async () => {
    const layout = await openLayout(folder.path);
    const image = ["write", folder.path, "a:1", "10", "10", "0"];
    expect((await run("node", [CHILD, ...image])).status).toBe(0);
    const lock = join(folder.path, ".tidegate", "lock");
    const [machine, , , random] = newOwnerName().split(".");
    renameSync(join(lock, "index"), join(lock, `index.${machine}.4194305.1.${random}`));
    expect(await layout.untag("a:1")).toBe(true);
    expect(readdirSync(lock)).toEqual(["index"]);
  });
});
