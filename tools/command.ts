import { parseArgs } from "node:util";
import { readFileSync } from "node:fs";
import type { ServedWorker } from "./serve_worker.ts";

/** Arguments of `npm start` and `npm run dev`. */
export interface DoorArguments {
  readonly port: number;
  /** Text of the configuration file; undefined without `--config`. */
  readonly config: string | undefined;
}

const DEFAULT_PORT = 8787;
const PARENT_CHECK_MS = 500;

/**
 * Read `--port N` and `--config FILE`.
 * @throws {Error} With a message for the user.
 */
export function readDoorArguments(args: readonly string[]): DoorArguments {
  const { values } = parseArgs({
    args: [...args],
    options: { port: { type: "string" }, config: { type: "string" } },
  });
  const port = Number(values.port ?? DEFAULT_PORT);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new Error("--port must be a number from 0 to 65535");
  }
  return {
    port,
    config: values.config === undefined ? undefined : readFileSync(values.config, "utf8"),
  };
}

/** Run a command to its end; a failure becomes one line on stderr and exit code 1. */
export async function runCommand(command: () => Promise<void>): Promise<void> {
  try {
    await command();
  } catch (error) {
    console.error(`tidegate: ${explain(error)}`);
    process.exit(1);
  }
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, port } = error as NodeJS.ErrnoException & { port?: number };
  if (code === "EADDRINUSE") return `port ${port} is in use: choose another with --port N`;
  return error.message;
}

/** Say that the door is open, and close everything when the process is told to end. */
export function announce(
  door: ServedWorker,
  lines: readonly string[],
  close: () => Promise<void>,
): void {
  console.log(`tidegate: front door ready at ${door.url}`);
  for (const line of lines) console.log(line);
  onEnd(() => void close().then(() => process.exit(0), () => process.exit(1)));
}

/** Call `end`, once, when the process is told to end: then that is up to it. */
export function onEnd(end: () => void): void {
  let ending = false;
  const once = (): void => {
    if (ending) return;
    ending = true;
    end();
  };
  process.on("SIGINT", once);
  process.on("SIGTERM", once);
  // npm hands a signal to the shell that it started us with, and that does not hand it on
  const parent = process.ppid;
  setInterval(() => process.ppid === parent || once(), PARENT_CHECK_MS).unref();
}
