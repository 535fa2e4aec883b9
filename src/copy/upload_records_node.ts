import { createHash, randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { UploadRecord } from "../client/mod.ts";
import { type Clock, systemClock } from "../core/mod.ts";
import {
  type ListedUpload,
  type SavedUpload,
  uploadKey,
  type UploadRecords,
  type UploadSlot,
} from "./upload_records.ts";

/** A process that has shown no life for so long is gone: another one may have its number now. */
const STALE_MS: number = 15 * 60_000;
/** Some registries take a blob in one chunk: then nothing is saved for hours. */
const BEAT_MS: number = STALE_MS / 3;
const MAX_RECORD_BYTES: number = 64 * 1024;

/** What a file's name says: whose record it is, and which process has it. */
interface RecordFile {
  readonly path: string;
  readonly key: string;
  /** `free`, or the process. */
  readonly owner: string;
}

/** The files that this process has claimed, in whatever store. */
const claimed = new Set<string>();

const HOST = createHash("sha256").update(hostname()).digest("hex").slice(0, 12);
const OWN = `${process.pid}-${HOST}`;

/**
 * Records as files of a directory, which is made when first needed: 0700, its files 0600, as they
 * are secrets. The name of a file says which process has it, and changes by renaming, so that of
 * several only one gets it; one that was killed loses it to the next that asks.
 *
 * A disk that refuses costs the record, not the upload.
 */
export function fileUploadRecords(
  directory: string,
  { now }: Pick<Clock, "now"> = systemClock,
): UploadRecords {
  const isFree = (file: RecordFile): Promise<boolean> => isAbandoned(file, now());
  return {
    async claim(target, digest, { destination, source }): Promise<UploadSlot | undefined> {
      const key = hashKey(uploadKey(target, digest));
      const path = join(directory, `${key}.${OWN}.json`);
      if (claimed.has(path)) return undefined;
      claimed.add(path);
      const isMine = await take(directory, key, path, isFree).catch(() => false);
      if (!isMine) return claimed.delete(path), undefined;
      await dropTemporary(directory, key).catch(() => {});
      const saved = await readRecord(path);
      const startedAt = saved?.startedAt ?? now();
      const save = async (record: UploadRecord): Promise<void> => {
        if (!claimed.has(path)) return;
        const saved = { record, source, destination, startedAt, updatedAt: now() };
        await writeRecord(path, saved).catch(() => {});
      };
      return { saved, save, ...createEnd(directory, key, path, startBeat(path, now)) };
    },
    async list(): Promise<readonly ListedUpload[]> {
      const found: ListedUpload[] = [];
      for (const file of await recordFiles(directory)) {
        const saved = await readRecord(file.path);
        if (saved !== undefined) found.push({ ...saved, isRunning: !await isFree(file) });
      }
      return found;
    },
    async remove(target, digest): Promise<boolean> {
      const key = hashKey(uploadKey(target, digest));
      const [file] = (await recordFiles(directory)).filter((one) => one.key === key);
      if (file === undefined || !await isFree(file)) return false;
      const isThere = await readRecord(file.path) !== undefined;
      await rm(file.path, { force: true });
      return isThere;
    },
  };
}

/**
 * Show that the claim is held.
 * @returns What ends it.
 */
function startBeat(path: string, now: () => number): () => void {
  const beat = (): void => {
    const time = new Date(now());
    utimes(path, time, time).catch(() => {}); // it costs the record, not the upload
  };
  const timer = setInterval(beat, BEAT_MS);
  timer.unref?.(); // a number has none, as on Deno
  return () => clearInterval(timer);
}

/** What ends a claim; only the first of them does anything. */
function createEnd(
  directory: string,
  key: string,
  path: string,
  stopBeat: () => void,
): Pick<UploadSlot, "release" | "remove"> {
  const end = async (work: () => Promise<void>): Promise<void> => {
    if (!claimed.has(path)) return;
    stopBeat();
    await work().catch(() => {});
    claimed.delete(path);
  };
  return {
    remove: () => end(() => rm(path, { force: true })),
    release: () =>
      end(async () => {
        // a claim that nothing was saved under leaves nothing
        if ((await stat(path)).size === 0) await rm(path, { force: true });
        else await rename(path, join(directory, `${key}.free.json`));
      }),
  };
}

/** Get the file under our own name, whoever had it. */
async function take(
  directory: string,
  key: string,
  path: string,
  isFree: (file: RecordFile) => Promise<boolean>,
): Promise<boolean> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const [found] = (await recordFiles(directory)).filter((one) => one.key === key);
  if (found === undefined) {
    const free = join(directory, `${key}.free.json`);
    const file = await open(free, "wx", 0o600);
    await file.close();
    await rename(free, path);
    return true;
  }
  if (!await isFree(found)) return false;
  if (found.path !== path) await rename(found.path, path); // fails for all but one
  return true;
}

/** Nobody has it, or who had it is gone. */
async function isAbandoned({ owner, path }: RecordFile, now: number): Promise<boolean> {
  if (owner === "free") return true;
  if (owner === OWN) return !claimed.has(path);
  const [pid, host] = owner.split("-");
  if (host === HOST && !isAlive(Number(pid))) return true;
  const age = await stat(path).then(({ mtimeMs }) => now - mtimeMs, () => 0);
  return age > STALE_MS;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { readonly code?: string }).code === "EPERM"; // somebody else's
  }
}

/** What a process left that was killed while it wrote. */
async function dropTemporary(directory: string, key: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) =>
    name.startsWith(key) && name.endsWith(".tmp")
  );
  for (const name of names) await rm(join(directory, name), { force: true });
}

async function recordFiles(directory: string): Promise<readonly RecordFile[]> {
  const names = await readdir(directory).catch(() => []);
  return names.flatMap((name) => {
    const [, key, owner] = /^([0-9a-f]{64})\.(free|[0-9]+-[0-9a-f]{12})\.json$/.exec(name) ?? [];
    if (key === undefined || owner === undefined) return [];
    return [{ path: join(directory, name), key, owner }];
  });
}

/** Undefined for what cannot be read, or is none: the record itself is checked by who uses it. */
async function readRecord(path: string): Promise<SavedUpload | undefined> {
  try {
    const { size } = await stat(path);
    if (size === 0 || size > MAX_RECORD_BYTES) return undefined;
    const saved = JSON.parse(await readFile(path, "utf8")) as Partial<SavedUpload>;
    const { destination, record, source, startedAt, updatedAt } = saved;
    const isWhole = typeof record === "object" && typeof source === "string" &&
      typeof destination === "string" && Number.isFinite(startedAt) && Number.isFinite(updatedAt);
    return isWhole ? saved as SavedUpload : undefined;
  } catch {
    return undefined;
  }
}

/** Whole or not at all, also when the process is killed. */
async function writeRecord(path: string, saved: SavedUpload): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    const file = await open(temporary, "wx", 0o600);
    try {
      await file.writeFile(JSON.stringify(saved));
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function hashKey(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}
