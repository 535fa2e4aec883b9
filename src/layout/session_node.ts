import { open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { ifThere, onDisk } from "./disk_node.ts";
import { isOwnerName, livenessOf, newOwnerName } from "./owner_node.ts";
import { type LayoutRoot, PRIVATE } from "./root_node.ts";

/** A session of another machine is taken for ended after so long. */
const FOREIGN_SESSION_MS: number = 24 * 60 * 60_000;

/**
 * Says that a process writes into a layout: what it wrote, or found, since it began may not be
 * listed in the index yet, and is not garbage. A file whose time is the beginning.
 */
export interface Session {
  /** Begin, unless begun. */
  begin(): Promise<void>;
  /** Whether it was begun. */
  readonly isOpen: boolean;
  end(): Promise<void>;
}

/** The session of one {@linkcode ImageLayout}. It begins with the first write. */
export function createSession(root: LayoutRoot): Session {
  let begun: Promise<string> | undefined;
  return {
    get isOpen(): boolean {
      return begun !== undefined;
    },
    async begin(): Promise<void> {
      begun ??= makeFile(root);
      await begun.catch((error) => {
        begun = undefined;
        throw error;
      });
    },
    async end(): Promise<void> {
      const path = await begun;
      begun = undefined;
      if (path !== undefined) await rm(path, { force: true });
    },
  };
}

/**
 * The moment before which nothing is needed by a session: the oldest beginning, or now. Files of
 * sessions that crashed are removed. In whole milliseconds, as times are set.
 */
export async function oldestSession(root: LayoutRoot, nowMs: number): Promise<number> {
  const now = await makeFile(root);
  const folder = await root.folder(PRIVATE, "sessions");
  let oldest = Infinity;
  for (const name of await readdir(folder)) {
    if (!isOwnerName(name)) continue;
    const path = join(folder, name);
    const begun = (await ifThere(() => stat(path)))?.mtimeMs ?? Infinity;
    const liveness = livenessOf(name);
    const isEnded = liveness === "unknown" && nowMs - begun > FOREIGN_SESSION_MS;
    if (liveness === "gone" || isEnded) await rm(path, { force: true });
    else oldest = Math.min(oldest, begun);
  }
  await rm(now, { force: true });
  return Math.floor(oldest);
}

async function makeFile(root: LayoutRoot): Promise<string> {
  const path = join(await root.folder(PRIVATE, "sessions"), newOwnerName());
  await onDisk(path, async () => await (await open(path, "wx")).close());
  return path;
}
