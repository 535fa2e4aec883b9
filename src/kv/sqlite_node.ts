/**
 * Tokens and manifests in a SQLite file, for one host: Node, Deno, Bun.
 *
 * In: a path. Out: a `KvStore`. Next: `layeredKv`, with memory in front.
 * @module
 */
import { type Clock, systemClock } from "../core/mod.ts";
import { openSqlite, type SqliteDatabase, type SqliteOptions } from "./sqlite_database_node.ts";
import { assertKvPut, type KvStore } from "./store.ts";
import { utf16 } from "./utf16.ts";

export {
  openSqlite,
  type SqliteDatabase,
  type SqliteOptions,
  type SqliteStatement,
  type SqliteValue,
} from "./sqlite_database_node.ts";

/** Options of {@linkcode sqliteKv}. */
export interface SqliteKvOptions extends SqliteOptions {
  /** Default is the runtime's clock. */
  readonly clock?: Clock;
  /** Most entries kept; what was written longest ago goes first. Default is 100,000. */
  readonly maxEntries?: number;
}

/** A store in a file. */
export interface SqliteKv extends KvStore {
  /** Close the file. Every call after it rejects. A database that was given stays open. */
  close(): void;
}

/** Looking for what may go takes a look at everything: once in so many writes. */
const WRITES_PER_SWEEP = 256;

const SCHEMA = `
CREATE TABLE IF NOT EXISTS kv (key BLOB PRIMARY KEY, value BLOB NOT NULL, expires_at REAL);
CREATE INDEX IF NOT EXISTS kv_by_expiry ON kv (expires_at) WHERE expires_at IS NOT NULL`;

/**
 * A SQLite file as a store. Several processes may share it. Expired values are never returned; they
 * leave the file when it is opened and while it is written.
 *
 * @param at A path, as {@linkcode openSqlite} takes it, or a database that is open.
 * @throws {TidegateError} CONFIGURATION when the file cannot be used.
 */
export function sqliteKv(at: string | SqliteDatabase, options: SqliteKvOptions = {}): SqliteKv {
  const { clock = systemClock, maxEntries = 100_000 } = options;
  const database = typeof at === "string" ? openSqlite(at, options) : at;
  database.exec(SCHEMA);
  const select = database.prepare(
    "SELECT value FROM kv WHERE key = ? AND (expires_at IS NULL OR expires_at > ?)",
  );
  const replace = database.prepare(
    "INSERT OR REPLACE INTO kv (key, value, expires_at) VALUES (?, ?, ?)",
  );
  const remove = database.prepare("DELETE FROM kv WHERE key = ?");
  const removeExpired = database.prepare("DELETE FROM kv WHERE expires_at <= ?");
  // what is replaced gets a new rowid: they are in the order of writing
  const removeOldest = database.prepare(
    `DELETE FROM kv WHERE rowid IN (SELECT rowid FROM kv ORDER BY rowid LIMIT
      max(0, (SELECT count(*) FROM kv) - ?))`,
  );
  let writes = 0;
  const sweep = (): void => {
    removeExpired.run(clock.now());
    removeOldest.run(maxEntries);
  };
  sweep();

  return {
    async get(key): Promise<Uint8Array<ArrayBuffer> | undefined> {
      const row = select.get(utf16(key), clock.now()) as { readonly value: Uint8Array } | null;
      return row ? Uint8Array.from(row.value) : undefined;
    },
    async put(key, value, putOptions): Promise<void> {
      assertKvPut(key, putOptions);
      const ttl = putOptions?.ttlSeconds ?? Infinity;
      replace.run(utf16(key), value, ttl === Infinity ? null : clock.now() + 1000 * ttl);
      writes++;
      if (writes % Math.min(WRITES_PER_SWEEP, maxEntries) === 0) sweep();
    },
    async delete(key): Promise<void> {
      remove.run(utf16(key));
    },
    close(): void {
      if (typeof at === "string") database.close();
    },
  };
}
