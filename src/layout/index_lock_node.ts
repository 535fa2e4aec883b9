import { mkdtemp, readdir, rename, rm, utimes, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { type Clock, TidegateError } from "../core/mod.ts";
import { errnoOf, ifThere } from "./disk_node.ts";
import { type HeldFile, isHeld, takeFile, tryTake } from "./held_file_node.ts";
import { type LayoutRoot, PRIVATE } from "./root_node.ts";

const TOKEN = "index";
const POLL_MS = 20;
/** A holder of another machine that shows no sign of life for so long is taken for gone. */
const FOREIGN_STALE_MS = 30_000;
/** Changing an index takes milliseconds; a collection of garbage, seconds. */
const LONGEST_WAIT_MS = 120_000;

/** Runs changes of one `index.json`, one at a time. */
export type IndexLock = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * The lock of a layout's index. In this process callers queue; between processes a file changes
 * hands: see {@linkcode HeldFile}.
 *
 * @throws {TidegateError} CACHE_IO with the reason `EBUSY` when another process does not let go.
 */
export function createIndexLock(root: LayoutRoot, clock: Clock): IndexLock {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(() => locked(root, clock, work));
    last = mine.catch(() => {});
    return mine;
  };
}

async function locked<T>(root: LayoutRoot, clock: Clock, work: () => Promise<T>): Promise<T> {
  const token = await take(root, clock);
  const stop = showLife(token.path, clock);
  try {
    return await work();
  } finally {
    stop();
    await token.release();
  }
}

/** Touch the held file at once and then now and then, for waiters of other machines. */
function showLife(path: string, clock: Clock): () => void {
  let stop: () => void = () => {};
  const beat = (): void => {
    const now = new Date(clock.now());
    utimes(path, now, now).catch(() => {}); // it was released meanwhile, or the disk will say so
    stop = clock.after(FOREIGN_STALE_MS / 3, beat);
  };
  beat();
  return () => stop();
}

async function take(root: LayoutRoot, clock: Clock): Promise<HeldFile> {
  const folder = join(await root.folder(PRIVATE), "lock");
  const start = clock.now();
  let seen = { progress: "", since: start };
  for (;;) {
    await createToken(root, folder);
    const taken = await takeFile(folder, TOKEN);
    if (isHeld(taken)) return taken;
    const now = clock.now();
    if (taken !== undefined) {
      if (taken.progress !== seen.progress) seen = { progress: taken.progress, since: now };
      const silentMs = now - Math.min(seen.since, taken.modifiedMs);
      if (taken.isForeign && silentMs >= FOREIGN_STALE_MS) {
        const stolen = await tryTake(folder, basename(taken.path), TOKEN);
        if (stolen !== undefined) return stolen;
      }
    }
    if (now - start >= LONGEST_WAIT_MS) throw busy(root.directory);
    await clock.sleep(POLL_MS);
  }
}

/**
 * The lock is a directory that always holds one file, so it appears with the file in it: renaming a
 * directory over one that is not empty fails.
 */
async function createToken(root: LayoutRoot, folder: string): Promise<void> {
  const files = await ifThere(() => readdir(folder));
  if (files !== undefined) await root.folder(PRIVATE, "lock"); // refuses a link that leads out
  if (files?.length) return;
  const parent = await root.folder(PRIVATE);
  const made = await mkdtemp(join(parent, "lock-"));
  await writeFile(join(made, TOKEN), "");
  try {
    await rename(made, folder);
  } catch (error) {
    await rm(made, { recursive: true, force: true });
    if (!["EEXIST", "ENOTEMPTY"].includes(errnoOf(error) ?? "")) throw error;
  }
}

function busy(path: string): TidegateError<"CACHE_IO"> {
  const message = `${path} is being changed by another process, which does not let go`;
  return new TidegateError("CACHE_IO", message, { path, reason: "EBUSY" });
}
