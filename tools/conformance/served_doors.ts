import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startServer } from "../../test/support/processes_node.ts";
import { ROOT } from "../worker_bundle.ts";
import type { Stoppable } from "./upstreams.ts";

/** The front door as `tidegate serve` runs it. */
export interface ServedDoor {
  /** `Node`, `Deno` or `Bun`. */
  readonly runtime: string;
  /** Host and port. */
  readonly host: string;
}

const BIN = join(ROOT, "node_modules", ".bin");
const RUNTIMES: Readonly<Record<string, readonly string[]>> = {
  Node: [process.execPath],
  Deno: [join(BIN, "deno"), "run", "-A"],
  Bun: [join(BIN, "bun")],
};

const READY = /tidegate: front door ready at http:\/\/(127\.0\.0\.1:\d+)/;

/**
 * Run `tidegate serve` on Node, Deno and Bun.
 *
 * @param config The front door's, as it is written to a file.
 * @param folder For that file.
 * @param started Takes each as soon as it runs.
 * @throws {Error} When one does not get ready, with what it printed.
 */
export async function startServedDoors(
  config: object,
  env: Readonly<Record<string, string>>,
  folder: string,
  started: Stoppable[],
): Promise<ServedDoor[]> {
  const file = join(folder, "serve.json");
  writeFileSync(file, JSON.stringify(config));
  const doors: ServedDoor[] = [];
  for (const [runtime, [command = "", ...words]] of Object.entries(RUNTIMES)) {
    const args = [...words, "src/cli/main_node.ts", "serve", "--config", file, "--port", "0"];
    const running = await startServer(command, args, READY, { cwd: ROOT, env });
    started.push(running);
    doors.push({ runtime, host: READY.exec(running.output())?.[1] ?? "" });
  }
  return doors;
}
