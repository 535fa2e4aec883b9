import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a command came to. */
export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A server that a test started. */
export interface Running {
  /** Id of the process that was started, and of the group that all its children are in. */
  readonly pid: number;
  /** All that it has printed so far. */
  output(): string;
  /** End it, by its own id, and wait for it. */
  stop(): Promise<void>;
  /** End it as a crash does, with SIGKILL at once. */
  kill(): Promise<void>;
  /** Whether `stop()` did not end it in 20 s, so that SIGKILL had to follow. */
  hadToBeKilled(): boolean;
}

/** How a command or a server is started. */
export interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Longest run of a command, or wait for a server; in milliseconds. */
  readonly timeoutMs?: number;
  /** Ends a command early. Of no use to a server, which has `stop()`. */
  readonly signal?: AbortSignal;
}

/** Longest wait for a server that was told to end. */
const STOP_MS = 20_000;
/** Below those that Linux gives to who names none (from 32768): only another call may take one. */
const PORTS = { first: 20_000, count: 12_000 } as const;

/** A TCP port on loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = PORTS.first + Math.floor(Math.random() * PORTS.count);
    if (await isFree(port)) return port;
  }
  throw new Error("no port is free");
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(false);
      else reject(error);
    });
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** A folder of its own, and how to remove it. */
export function temporaryFolder(name: string): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), `tidegate-${name}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Run a command to its end. Never rejects: the status tells. */
export function run(
  command: string,
  args: readonly string[],
  { cwd, env, timeoutMs = 120_000, signal }: StartOptions = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      ...(cwd !== undefined && { cwd }),
      ...(signal && { signal }),
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
    child.stdout.on("data", (chunk) => stdout += chunk);
    child.stderr.on("data", (chunk) => stderr += chunk);
    child.on("error", (error) => stderr += error.message);
    child.on("close", (status) => {
      clearTimeout(timer);
      resolve({ status: status ?? 1, stdout, stderr });
    });
  });
}

/**
 * Start a server in a process group of its own and wait until it prints `ready`.
 * @throws {Error} When it ends first, or is not ready in time; with all that it printed.
 */
export async function startServer(
  command: string,
  args: readonly string[],
  ready: RegExp,
  { cwd, env, timeoutMs = 60_000 }: StartOptions = {},
): Promise<Running> {
  const child = spawn(command, args, {
    ...(cwd !== undefined && { cwd }),
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let [output, wasLate] = ["", false];
  // from the beginning: it may end, and what it said be read, before anybody asks
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const running: Running = {
    pid: child.pid ?? 0,
    output: () => output,
    stop: async () => void (wasLate = await stopGroup(child, ended, "SIGTERM")),
    kill: async () => void await stopGroup(child, ended, "SIGKILL"),
    hadToBeKilled: () => wasLate,
  };
  const isReady = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${command} is not ready`)), timeoutMs);
    let isOver = false;
    const onData = (chunk: Uint8Array): void => {
      output += new TextDecoder().decode(chunk);
      if (!isOver && ready.test(output)) finish(resolve); // each time costs as much as there is
    };
    const finish = (then: () => void): void => {
      isOver = true;
      clearTimeout(timer);
      then();
    };
    child.stdout?.on("data", onData);
    child.stderr?.on("data", onData);
    child.once("error", (error) => finish(() => reject(error)));
    child.once("close", (status) => finish(() => reject(new Error(`${command} ended: ${status}`))));
  });
  try {
    await isReady;
  } catch (cause) {
    await running.stop();
    throw new Error(`${command} did not start:\n${output}`, { cause });
  }
  return running;
}

/**
 * A signal to the group that the child leads, SIGKILL to it when that is not enough.
 * @returns Whether it was not.
 */
async function stopGroup(
  { pid }: ChildProcess,
  ended: Promise<void>,
  first: "SIGTERM" | "SIGKILL",
): Promise<boolean> {
  if (pid === undefined) return false;
  let isLate = false;
  signalGroup(pid, first);
  const timer = setTimeout(() => {
    isLate = true;
    signalGroup(pid, "SIGKILL");
  }, STOP_MS);
  await ended;
  clearTimeout(timer);
  signalGroup(pid, "SIGKILL");
  return isLate;
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // the group is gone already
  }
}
