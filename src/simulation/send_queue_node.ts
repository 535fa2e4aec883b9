import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import type { Clock } from "../core/mod.ts";

const POLL_MS = 2;
/** Longest wait for a peer that may not be reading at all. */
const MAX_WAIT_MS = 2000;
/** The wait where the kernel does not tell. */
const BLIND_WAIT_MS = 50;

/**
 * Wait until the peer's kernel has everything that was written, as far as this system tells. A
 * reset throws away what is still on its way; what has arrived stays readable.
 */
export async function awaitDelivered(
  socket: Socket,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  if (unacknowledgedBytes(socket) === undefined) return await clock.sleep(BLIND_WAIT_MS, signal);
  for (let waited = 0; waited < MAX_WAIT_MS; waited += POLL_MS) {
    if ((unacknowledgedBytes(socket) ?? 0) === 0) return;
    await clock.sleep(POLL_MS, signal);
  }
}

/** What has arrived at a peer on this system and waits there to be read; undefined where nothing tells. */
export function unreadBytes(socket: Socket): number | undefined {
  return queuesOf(socket, "theirs")?.[1];
}

function unacknowledgedBytes(socket: Socket): number | undefined {
  return queuesOf(socket, "ours")?.[0];
}

/** Lengths of the queues to send and to read of one end of a connection, from Linux's table. */
function queuesOf(
  { localPort, remotePort, remoteFamily }: Socket,
  end: "ours" | "theirs",
): readonly number[] | undefined {
  let table: string;
  try {
    table = readFileSync(remoteFamily === "IPv6" ? "/proc/net/tcp6" : "/proc/net/tcp", "latin1");
  } catch {
    return undefined;
  }
  const both = end === "ours" ? [localPort, remotePort] : [remotePort, localPort];
  const ports = both.map((port) => `:${hex(port ?? 0)} `);
  const line = table.split("\n").find((row) => {
    const [, local = "", remote = ""] = row.trim().split(/\s+/);
    return `${local} `.endsWith(ports[0] ?? "") && `${remote} `.endsWith(ports[1] ?? "");
  });
  const queues = line?.trim().split(/\s+/)[4]; // tx_queue:rx_queue
  return queues?.split(":").map((length) => parseInt(length, 16));
}

function hex(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, "0");
}
