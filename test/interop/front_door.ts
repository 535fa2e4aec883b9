import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, type Running, startServer } from "../support/processes_node.ts";

/** `npm run dev` with a configuration, on loopback. */
export interface RunningDoor extends Running {
  /** `127.0.0.1:PORT`, as an image reference starts. */
  readonly host: string;
}

/** Lower-case hex, as `access.tokens[].sha256` wants it. */
export function sha256Hex(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Start the front door as its operator would, and wait for the ready line. */
export async function startDoor(
  folder: string,
  config: object,
  secrets: Readonly<Record<string, string>>,
): Promise<RunningDoor> {
  const file = join(folder, "front_door.json");
  writeFileSync(file, JSON.stringify(config));
  const port = await freePort();
  const args = ["run", "dev", "--", "--config", file, "--port", String(port)];
  const ready = new RegExp(`tidegate: front door ready at http://127\\.0\\.0\\.1:${port}`);
  const running = await startServer("npm", args, ready, { env: secrets });
  return { ...running, host: `127.0.0.1:${port}` };
}
