import { closeSync, constants, fchmodSync, fstatSync, openSync, readSync } from "node:fs";
import process from "node:process";
import { TidegateError } from "../core/mod.ts";

/** What a statement takes and gives: SQLite's types, as both drivers have them. */
export type SqliteValue = string | number | null | Uint8Array;

/** A prepared statement. */
export interface SqliteStatement {
  /** The first row by its columns; null or undefined when there is none. */
  get(...values: SqliteValue[]): unknown;
  /** Every row by its columns. */
  all(...values: SqliteValue[]): readonly unknown[];
  /** Run it for what it changes. */
  run(...values: SqliteValue[]): unknown;
}

/** A database: what `node:sqlite` and `bun:sqlite` have in common, and a transaction. Calls block. */
export interface SqliteDatabase {
  /** Run one or more statements without values. */
  exec(sql: string): unknown;
  /** Prepare a statement. Whoever uses it again keeps it. */
  prepare(sql: string): SqliteStatement;
  /** Do `work` whole or not at all, with no other writer in between. It must not be async. */
  transaction<T>(work: () => T): T;
  /** Close it. Every call after it throws. */
  close(): void;
}

/** How a database is opened. */
export interface SqliteOptions {
  /** Longest wait for another process's write, in milliseconds; it blocks. Default is 1000. */
  readonly busyMs?: number;
}

/** The layout of all tables that are made here. Another number is another program's file. */
const SCHEMA_VERSION = 1;

/** What a database's file begins with, and where its `user_version` is (SQLite's file format, 1.3). */
const MAGIC = "SQLite format 3\0";
const VERSION_OFFSET = 60;

type Connection = Omit<SqliteDatabase, "transaction">;
type Driver = new (path: string) => Connection;

/**
 * Open a SQLite database, or make one, that its owner alone may read (0600): in WAL mode, so that
 * readers and a writer of several processes do not wait for each other. By `bun:sqlite` on Bun, by
 * `node:sqlite` on Node from 22.13 on and on Deno.
 *
 * @param path A file. `:memory:` for none.
 * @throws {TidegateError} CONFIGURATION when there is no SQLite on this runtime, or the file cannot be
 * opened, is no database, or is one of another version.
 */
export function openSqlite(path: string, { busyMs = 1000 }: SqliteOptions = {}): SqliteDatabase {
  const Database = findDriver();
  try {
    if (path !== ":memory:") restrict(path);
    const database = new Database(path);
    try {
      database.exec(`PRAGMA busy_timeout = ${Math.trunc(busyMs)}`);
      database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
      assertVersion(database);
    } catch (error) {
      database.close();
      throw error;
    }
    return withTransactions(database);
  } catch (cause) {
    if (cause instanceof TidegateError) throw cause;
    const reason = cause instanceof Error ? cause.message : "unknown";
    throw unfit(`must be a SQLite database that can be written: ${reason}`, cause);
  }
}

function findDriver(): Driver {
  const load = (name: string): unknown => process.getBuiltinModule(name as "node:sqlite");
  const bun = load("bun:sqlite") as { readonly Database: Driver } | undefined;
  const node = bun === undefined
    ? load("node:sqlite") as { readonly DatabaseSync: Driver } | undefined
    : undefined;
  const driver = bun?.Database ?? node?.DatabaseSync;
  if (driver === undefined) throw unfit("needs Node 22.13 or later, Deno or Bun");
  return driver;
}

/** Its owner's alone, before SQLite writes to it; its journals take the mode of the file. */
function restrict(path: string): void {
  try {
    closeSync(openSync(path, "ax", 0o600));
    return;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    if (isOurs(file)) fchmodSync(file, 0o600);
  } finally {
    closeSync(file);
  }
}

/** Whether an open file is empty or of this module: no other's mode is changed. */
function isOurs(file: number): boolean {
  const found = fstatSync(file);
  if (!found.isFile()) throw new TypeError("it is no file");
  if (found.size === 0) return true;
  const head = new DataView(new ArrayBuffer(VERSION_OFFSET + 4));
  const length = readSync(file, head, 0, head.byteLength, 0);
  const isDatabase = [...MAGIC].every((char, at) => head.getUint8(at) === char.charCodeAt(0));
  return length === head.byteLength && isDatabase &&
    head.getUint32(VERSION_OFFSET) === SCHEMA_VERSION;
}

function assertVersion(database: Connection): void {
  const row = database.prepare("PRAGMA user_version").get() as { readonly user_version: number };
  if (row.user_version === SCHEMA_VERSION) return;
  if (row.user_version !== 0) throw unfit("must be a file of this version of tidegate");
  database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
}

/** Bun keeps a closed database open for the statements that are left: they are ended first. */
type Finalizable = SqliteStatement & { finalize?(): void };

function withTransactions(database: Connection): SqliteDatabase {
  const statements: Finalizable[] = [];
  return {
    exec: (sql) => database.exec(sql),
    prepare(sql): SqliteStatement {
      const statement = database.prepare(sql);
      statements.push(statement);
      return statement;
    },
    close(): void {
      for (const statement of statements) statement.finalize?.();
      database.close();
    },
    transaction<T>(work: () => T): T {
      database.exec("BEGIN IMMEDIATE");
      try {
        const result = work();
        database.exec("COMMIT");
        return result;
      } catch (error) {
        database.exec("ROLLBACK");
        throw error;
      }
    },
  };
}

function unfit(reason: string, cause?: unknown): TidegateError<"CONFIGURATION"> {
  return new TidegateError("CONFIGURATION", `The key kv ${reason}`, { key: "kv", reason }, {
    cause,
  });
}
