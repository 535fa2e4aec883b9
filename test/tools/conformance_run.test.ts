import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findCommand, GO_TOOLS } from "../../tools/go_tools.ts";
import { temporaryFolder } from "../support/processes_node.ts";

const TIMEOUT_MS = 90_000;

/** Programs that do what the test says, and a cache without any others. */
let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder("conformance-test");
  mkdirSync(join(folder.path, "tmp"));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGTERM"); // one that has ended does not mind
  folder.remove();
});
const children: ChildProcess[] = [];

function program(path: string, ...lines: readonly string[]): string {
  const file = join(folder.path, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, ["#!/bin/sh", ...lines, ""].join("\n"), { mode: 0o755 });
  return file;
}

/** Servers that serve nothing; each leaves its process id. */
function addServers(): void {
  const serve = ["echo 'listening on, launching server'", "exec sleep 600"];
  const server = (path: string, name: string): string =>
    program(path, `echo $$ > ${join(folder.path, name)}.pid`, ...serve);
  server("bin/docker-registry", "debian");
  for (const name of ["distribution", "olareg"] as const) {
    server(`cache/tidegate/go/${name}@${GO_TOOLS[name].version}/${name}`, name);
  }
}

interface Ended {
  readonly status: number | null;
  readonly output: string;
}

function start(args: readonly string[], suite?: string): {
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly ended: Promise<Ended>;
} {
  const child = spawn(process.execPath, ["tools/conformance.ts", ...args], {
    env: {
      PATH: [join(folder.path, "bin"), "/usr/bin", "/bin"].join(delimiter),
      XDG_CACHE_HOME: join(folder.path, "cache"),
      ...(suite !== undefined && { TIDEGATE_CONFORMANCE_SUITE: suite }),
      TIDEGATE_CONFORMANCE_RESULTS: join(folder.path, "results"),
      TMPDIR: join(folder.path, "tmp"),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let output = "";
  child.stdout.on("data", (chunk) => output += chunk);
  child.stderr.on("data", (chunk) => output += chunk);
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (status) => resolve({ status, output }));
  });
  return { kill: (signal) => void child.kill(signal), ended };
}

function isAlive(name: string): boolean {
  try {
    process.kill(Number(readFileSync(join(folder.path, `${name}.pid`), "utf8")), 0);
    return true;
  } catch {
    return false;
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 50));
}

describe("npm run conformance", () => {
  it.skipIf(findCommand("oci-conformance") !== undefined).each([
    [[], 1, "0 passed, 1 failed\n"],
    [["--if-installed"], 0, "0 passed, 0 failed\n"],
  ])("without the suite: %j ends with %i", async (args, status, line) => {
    const { status: ended, output } = await start(args).ended;
    expect([ended, output.endsWith(line)]).toEqual([status, true]);
  }, TIMEOUT_MS);

  it("a suite that succeeds and leaves nothing is a failure of each target", async () => {
    addServers();
    const { status, output } = await start([], program("suite", "exit 0")).ended;
    expect(output).toContain("FAILED  front door to the simulation: the suite left no results");
    expect(output.split("\n").at(-2)).toBe("0 passed, 10 failed");
    expect(status).toBe(1);
    for (const name of ["debian", "distribution", "olareg"]) expect(isAlive(name)).toBe(false);
  }, TIMEOUT_MS);

  it.each(["SIGINT", "SIGTERM"] as const)("%s ends all that it started", async (signal) => {
    addServers();
    const running = join(folder.path, "suite.pid");
    const suite = program("suite", `echo $$ > ${running}`, "exec sleep 600");
    const { kill, ended } = start([], suite);
    await until(() => existsSync(running));
    for (const name of ["debian", "distribution", "olareg"]) expect(isAlive(name)).toBe(true);
    kill(signal);
    expect((await ended).status).toBeGreaterThan(128);
    await until(() => !["debian", "distribution", "olareg", "suite"].some(isAlive));
    const left = readdirSync(join(folder.path, "tmp"));
    expect(left.filter((name) => name.startsWith("tidegate-"))).toEqual([]);
  }, TIMEOUT_MS);

  it("a server that does not start ends the others", async () => {
    addServers();
    program("bin/docker-registry", "exit 3");
    const { status, output } = await start([], program("suite", "exit 0")).ended;
    expect([status, output.includes("docker-registry did not start")]).toEqual([1, true]);
    expect(output.split("\n").at(-2)).toBe("0 passed, 1 failed");
    for (const name of ["distribution", "olareg"]) expect(isAlive(name)).toBe(false);
  }, TIMEOUT_MS);
});
