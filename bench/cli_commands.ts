import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { findCommand, findGoTool } from "../tools/go_tools.ts";
import { peakRssMib, RUNTIME_COMMANDS } from "./runner.ts";

const MAIN: string = new URL("../dist/cli/tidegate.js", import.meta.url).pathname;
const TIMEOUT_MS = 1_800_000;
const WATCH_MS = 50;
const MAX_OUTPUT = 16_384;

/** Words of a command line. */
export type Words = readonly [string, ...string[]];

/** What a command took, from its start to its end. */
export interface Taken {
  readonly milliseconds: number;
  /** Peak resident memory in MiB; null where it cannot be known. */
  readonly peakMib: number | null;
}

/**
 * The command as its users run it, built by `npm run build`.
 * @throws {Error} Where it was not built.
 */
export function tidegate(runtime: string, words: readonly string[]): Words {
  if (!existsSync(MAIN)) throw new Error("The command is not built: npm run build");
  const [command = "", ...args] = RUNTIME_COMMANDS[runtime] ?? [];
  return [command, ...args, MAIN, ...words];
}

/** Path of a peer; undefined where it is not installed, or not built yet. */
export function findPeer(name: "skopeo" | "crane"): string | undefined {
  return name === "skopeo" ? findCommand(name) : findGoTool(name);
}

/**
 * Run a command to its end, on a disk that has done with what the one before it has left: some sync what
 * they write, others leave it to whoever comes next.
 * @throws {Error} When it fails, with what it said.
 */
export async function take([command, ...args]: Words): Promise<Taken> {
  spawnSync("sync");
  const start = performance.now();
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  let [peakMib, output]: [number | null, string] = [null, ""];
  const watch = (): void => {
    const now = peakRssMib(child.pid ?? 0);
    if (now !== null && !Number.isNaN(now)) peakMib = now; // it only grows
  };
  const watching = setInterval(watch, WATCH_MS);
  const limit = setTimeout(() => child.kill("SIGKILL"), TIMEOUT_MS);
  const keep = (chunk: Uint8Array): void => void (output = `${output}${chunk}`.slice(-MAX_OUTPUT));
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    });
    if (status !== 0) throw new Error(`${command} ended with status ${status}: ${output}`);
    return { milliseconds: performance.now() - start, peakMib };
  } finally {
    clearInterval(watching);
    clearTimeout(limit);
  }
}
