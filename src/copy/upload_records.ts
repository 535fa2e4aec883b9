import type { UploadRecord } from "../client/mod.ts";
import { type Clock, systemClock } from "../core/mod.ts";
import type { Digest, Reference } from "../reference/mod.ts";

/** A repository, as in a reference. */
export type UploadTarget = Pick<Reference, "registry" | "repository">;

/** An upload that was begun and not ended, as it is kept. It is a secret: see `UploadRecord`. */
export interface SavedUpload {
  readonly record: UploadRecord;
  /** What is copied, as a person writes it. */
  readonly source: string;
  readonly destination: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly updatedAt: number;
}

/** One of a list. */
export interface ListedUpload extends SavedUpload {
  /** Whether some process is at it now. */
  readonly isRunning: boolean;
}

/** The right to keep the record of one upload. One process has it at a time. */
export interface UploadSlot {
  /** What an earlier run left. */
  readonly saved: SavedUpload | undefined;
  /** Keep it, in place of what was kept before. */
  save(record: UploadRecord): Promise<void>;
  /** The upload is over: forget it. */
  remove(): Promise<void>;
  /** Leave it to the next run. Does nothing after `remove`. */
  release(): Promise<void>;
}

/** What is copied from where to where, for who lists the uploads. */
export type UploadNames = Pick<SavedUpload, "source" | "destination">;

/** Keeps what another process needs to continue uploads. */
export interface UploadRecords {
  /**
   * Take the record of a blob on its way to a repository.
   *
   * @returns Undefined while another process, or another copy in this one, has it: then the blob is
   * uploaded without a record.
   */
  claim(target: UploadTarget, digest: Digest, names: UploadNames): Promise<UploadSlot | undefined>;
  /** All that are kept, in no order. */
  list(): Promise<readonly ListedUpload[]>;
  /**
   * Forget one.
   * @returns Whether it was kept; also `false` while a process is at it.
   */
  remove(target: UploadTarget, digest: string): Promise<boolean>;
}

/** What a record is found by. */
export function uploadKey({ registry, repository }: UploadTarget, digest: string): string {
  return `${registry}/${repository}@${digest}`;
}

/** Records in memory: for tests, and for copies that go on within one process. */
export function memoryUploadRecords({ now }: Pick<Clock, "now"> = systemClock): UploadRecords {
  const kept = new Map<string, SavedUpload>();
  const claimed = new Set<string>();
  return {
    claim(target, digest, { destination, source }): Promise<UploadSlot | undefined> {
      const key = uploadKey(target, digest);
      if (claimed.has(key)) return Promise.resolve(undefined);
      claimed.add(key);
      const saved = kept.get(key);
      const startedAt = saved?.startedAt ?? now();
      return Promise.resolve({
        saved,
        save(record): Promise<void> {
          kept.set(key, { record, source, destination, startedAt, updatedAt: now() });
          return Promise.resolve();
        },
        remove(): Promise<void> {
          kept.delete(key);
          claimed.delete(key);
          return Promise.resolve();
        },
        release(): Promise<void> {
          claimed.delete(key);
          return Promise.resolve();
        },
      });
    },
    list(): Promise<readonly ListedUpload[]> {
      const all = [...kept].map(([key, saved]) => ({ ...saved, isRunning: claimed.has(key) }));
      return Promise.resolve(all);
    },
    remove(target, digest): Promise<boolean> {
      const key = uploadKey(target, digest);
      return Promise.resolve(!claimed.has(key) && kept.delete(key));
    },
  };
}
