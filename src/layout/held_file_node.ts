import { readdir, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { ifThere } from "./disk_node.ts";
import { isOwnerName, livenessOf, newOwnerName } from "./owner_node.ts";

/**
 * A file that at most one process holds, told by its name: `NAME` is free, `NAME.OWNER` is held.
 * Renaming is what takes it, so exactly one of many wins, also of those that take it from a process
 * that is gone: there is no lock beside the file that could be left behind.
 */
export interface HeldFile {
  readonly path: string;
  /** Give it back, for whoever comes next. Does nothing where another has taken it. */
  release(): Promise<void>;
}

/** Somebody else's hold on a file. */
export interface Holder {
  readonly path: string;
  /** Changes whenever the holder does something: its path, its length, its time. */
  readonly progress: string;
  /** Whether it is of a process of another machine or container, which may be gone. */
  readonly isForeign: boolean;
  /** When it last did something, in milliseconds since the epoch. */
  readonly modifiedMs: number;
}

/**
 * Take a file that is free, or whose holder is gone.
 *
 * @returns The file; or who holds it; or undefined where there is neither.
 */
export async function takeFile(
  folder: string,
  name: string,
): Promise<HeldFile | Holder | undefined> {
  const holders = await listHolders(folder, name);
  const takeable = holders.filter((one) => livenessOf(one.slice(name.length + 1)) === "gone");
  for (const one of [name, ...takeable]) {
    const held = await tryTake(folder, one, name);
    if (held !== undefined) return held;
  }
  const other = holders.find((one) => !takeable.includes(one));
  return other === undefined ? undefined : await describeHolder(folder, other, name);
}

/** Names of the files by which anybody holds a file. */
export async function listHolders(folder: string, name: string): Promise<string[]> {
  const names = await readdir(folder);
  return names.filter((one) => one.startsWith(`${name}.`) && isHold(one, name));
}

/** Whether what {@linkcode takeFile} gave is ours. */
export function isHeld(taken: HeldFile | Holder | undefined): taken is HeldFile {
  return taken !== undefined && "release" in taken;
}

/** A path for a new file of that name, held by us from its first byte on. */
export function heldPath(folder: string, name: string): HeldFile {
  const path = join(folder, `${name}.${newOwnerName()}`);
  const free = join(folder, name);
  return { path, release: () => ifThere(() => rename(path, free)) }; // another may have taken it
}

/** Take a file from whoever holds it. Undefined when another was faster. */
export async function tryTake(
  folder: string,
  from: string,
  name: string,
): Promise<HeldFile | undefined> {
  const held = heldPath(folder, name);
  const taken = await ifThere(async () => {
    await rename(join(folder, from), held.path);
    return true;
  });
  return taken ? held : undefined;
}

function isHold(file: string, name: string): boolean {
  return isOwnerName(file.slice(name.length + 1));
}

async function describeHolder(
  folder: string,
  file: string,
  name: string,
): Promise<Holder | undefined> {
  const path = join(folder, file);
  const found = await ifThere(() => stat(path));
  if (found === undefined) return undefined;
  const isForeign = livenessOf(file.slice(name.length + 1)) === "unknown";
  const { size, mtimeMs: modifiedMs } = found;
  return { path, progress: `${file} ${size} ${modifiedMs}`, isForeign, modifiedMs };
}
