import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { encodeUtf8, isTidegateError } from "../../src/core/mod.ts";
import { openSqlite, sqliteKv } from "../../src/kv/sqlite_node.ts";
import { kvStoreContract } from "../contract/kv_store.ts";
import { temporaryFolder } from "../support/processes_node.ts";
import { createTestClock } from "../support/test_clock.ts";

const folder = temporaryFolder("sqlite");
afterAll(() => folder.remove());
let count = 0;
const freshPath = (): string => join(folder.path, `${count++}.db`);

const clock = createTestClock();
kvStoreContract("sqliteKv()", () => sqliteKv(freshPath(), { clock }), {
  advance: (seconds) => clock.advance(1000 * seconds),
});

/** What the call throws. */
function failureOf(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}

describe("sqliteKv()", () => {
  it("keeps what was put when the file is opened again", async () => {
    const path = freshPath();
    const first = sqliteKv(path);
    await first.put("key", encodeUtf8("value"), { ttlSeconds: 60 });
    first.close();
    const second = sqliteKv(path);
    expect(await second.get("key")).toEqual(encodeUtf8("value"));
    second.close();
  });

  it("makes a file that its owner alone may read, its journals too", async () => {
    const path = freshPath();
    const store = sqliteKv(path);
    await store.put("key", encodeUtf8("value"));
    for (const end of ["", "-wal", "-shm"]) expect(statSync(path + end).mode & 0o777).toBe(0o600);
    store.close();
  });

  it("takes back a mode that lets others read", () => {
    const path = freshPath();
    writeFileSync(path, "", { mode: 0o644 });
    sqliteKv(path).close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("leaves the mode of what is none of its databases", () => {
    const [text, foreign] = [freshPath(), freshPath()];
    writeFileSync(text, "a text, longer than the head of a database".repeat(9));
    sqliteKv(foreign).close();
    const other = openSqlite(foreign);
    other.exec("PRAGMA user_version = 7");
    other.close();
    for (const path of [text, foreign]) {
      chmodSync(path, 0o644);
      expect(failureOf(() => openSqlite(path))).toMatchObject({ code: "CONFIGURATION" });
      expect(statSync(path).mode & 0o777).toBe(0o644);
    }
    mkdirSync(join(folder.path, "folder"), { mode: 0o755 });
    const path = join(folder.path, "folder");
    expect(failureOf(() => openSqlite(path))).toMatchObject({ code: "CONFIGURATION" });
    expect(statSync(path).mode & 0o777).toBe(0o755);
  });

  it("is in WAL mode: a reader does not wait for a writer that is at it", async () => {
    const path = freshPath();
    const store = sqliteKv(path);
    await store.put("key", encodeUtf8("before"));
    const other = openSqlite(path);
    other.exec("BEGIN IMMEDIATE; DELETE FROM kv");
    expect(await store.get("key")).toEqual(encodeUtf8("before"));
    other.exec("ROLLBACK");
    other.close();
    store.close();
  });

  it("waits for another's write no longer than it is told to", async () => {
    const path = freshPath();
    const store = sqliteKv(path, { busyMs: 50 });
    const other = openSqlite(path);
    other.exec("BEGIN IMMEDIATE");
    await expect(store.put("key", encodeUtf8("x"))).rejects.toThrow(/locked/);
    other.exec("ROLLBACK");
    await store.put("key", encodeUtf8("x"));
    other.close();
    store.close();
  });

  it("is shared by processes", async () => {
    const path = freshPath();
    const store = sqliteKv(path);
    const child = new URL("kv_sqlite_child.ts", import.meta.url).pathname;
    const { status, stderr } = spawnSync("node", [child, path], { encoding: "utf8" });
    expect(`${status} ${stderr.replaceAll(/^.*Warning.*$|^\(Use.*$/gm, "").trim()}`).toBe("0 ");
    expect(await store.get("from the child")).toEqual(encodeUtf8("hello"));
    store.close();
  });

  it("drops what has expired from the file, and the oldest when there are too many", async () => {
    const path = freshPath();
    const store = sqliteKv(path, { clock, maxEntries: 2 });
    await store.put("a", encodeUtf8("x"), { ttlSeconds: 1 });
    await store.put("b", encodeUtf8("x"));
    await store.put("c", encodeUtf8("x"));
    await store.put("b", encodeUtf8("y"));
    await store.put("d", encodeUtf8("x"));
    await store.put("e", encodeUtf8("x"));
    store.close();
    clock.advance(2000);
    const again = sqliteKv(path, { clock, maxEntries: 2 });
    const kept = await Promise.all(["a", "b", "c", "d", "e"].map((key) => again.get(key)));
    expect(kept.map((value) => value !== undefined)).toEqual([false, false, false, true, true]);
    again.close();
  });

  it("refuses what is no database, and what is another's, by name", () => {
    const text = freshPath();
    writeFileSync(text, "this is a text and not a database, however long it is ".repeat(100));
    const foreign = freshPath();
    const database = openSqlite(foreign);
    database.exec("PRAGMA user_version = 77");
    database.close();
    for (const path of [text, foreign, join(folder.path, "absent", "x.db")]) {
      const error = failureOf(() => sqliteKv(path));
      expect(isTidegateError(error, "CONFIGURATION") && error.details.key).toBe("kv");
    }
  });

  it("rejects after close()", async () => {
    const store = sqliteKv(freshPath());
    store.close();
    await expect(store.get("key")).rejects.toThrow();
  });
});

describe("openSqlite()", () => {
  it("transaction() does all or nothing", () => {
    const database = openSqlite(":memory:");
    database.exec("CREATE TABLE t (n INTEGER)");
    const count = (): unknown => database.prepare("SELECT count(*) AS n FROM t").get();
    expect(() =>
      database.transaction(() => {
        database.exec("INSERT INTO t VALUES (1)");
        throw new TypeError("no");
      })
    ).toThrow("no");
    expect(count()).toEqual({ n: 0 });
    expect(database.transaction(() => (database.exec("INSERT INTO t VALUES (1)"), 7))).toBe(7);
    expect(count()).toEqual({ n: 1 });
    database.close();
  });
});
