import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Outcome, run, type StartOptions } from "./processes_node.ts";

/** The runtimes that the command runs on. */
export const COMMAND_RUNTIMES = ["node", "deno", "bun"] as const;

/** One of {@linkcode COMMAND_RUNTIMES}. */
export type CommandRuntime = (typeof COMMAND_RUNTIMES)[number];

const MAIN = fileURLToPath(new URL("../../src/cli/main_node.ts", import.meta.url));
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The command's program and its first arguments. */
export function commandOf(runtime: CommandRuntime): readonly string[] {
  return runtime === "deno" ? ["deno", "run", "-A", "--quiet", MAIN] : [runtime, MAIN];
}

/** An environment in which the command sees this cache, and nobody's logins. */
export function commandEnv(cache: string): Record<string, string> {
  return {
    TIDEGATE_CACHE: cache,
    DOCKER_CONFIG: `${cache}-no-config`,
    DOCKER_CHUNK_SIZE_MB: "1",
    NO_COLOR: "1",
    NODE_COMPILE_CACHE: join(tmpdir(), "tidegate-compile-cache"), // or each start compiles all of it
  };
}

/** Run `tidegate` as a process, to its end. */
export function tidegate(
  runtime: CommandRuntime,
  cache: string,
  words: readonly string[],
  { env, ...options }: StartOptions = {},
): Promise<Outcome> {
  const [program = "", ...first] = commandOf(runtime);
  return run(program, [...first, ...words], {
    cwd: ROOT, // where Deno finds its configuration
    env: { ...commandEnv(cache), ...env },
    ...options,
  });
}

/** `tidegate` as a process that may not come to its end. */
export interface StartedCommand {
  readonly pid: number;
  /** Whether it has ended. */
  hasEnded(): boolean;
  /** Its status is -1 when a signal ended it. */
  readonly ended: Promise<Outcome>;
  signal(name: "SIGSTOP" | "SIGKILL" | "SIGINT"): void;
}

/** Start `tidegate`. End it. */
export function startTidegate(
  runtime: CommandRuntime,
  cache: string,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): StartedCommand {
  const [program = "", ...first] = commandOf(runtime);
  const child = spawn(program, [...first, ...words], {
    cwd: ROOT,
    env: { ...process.env, ...commandEnv(cache), ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true, // a group of its own: a runtime may be started by a script
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => stdout += chunk);
  child.stderr.on("data", (chunk) => stderr += chunk);
  return {
    pid: child.pid ?? 0,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    ended: new Promise((resolve) => {
      child.once("error", (error) => stderr += error.message);
      child.once("close", (status) => resolve({ status: status ?? -1, stdout, stderr }));
    }),
    signal: (name) => signalGroup(child.pid, name),
  };
}

function signalGroup(pid: number | undefined, name: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, name);
  } catch {
    // it has ended
  }
}
