import { describe, expect, it } from "vitest";
import { openSqlite } from "../../src/kv/sqlite_node.ts";
import { sqliteCheckpoints } from "../../src/serve/sqlite_checkpoints.ts";
import { sqliteDeliveries } from "../../src/serve/sqlite_deliveries.ts";
import { createTestClock } from "../support/test_clock.ts";

const DAY_MS = 24 * 60 * 60_000;

describe("sqliteCheckpoints()", () => {
  it("keeps the last four of an upload, the newest last", async () => {
    const store = sqliteCheckpoints(openSqlite(":memory:"), createTestClock());
    for (const offset of [1, 2, 3, 2 ** 40, 5]) await store.put("a", offset, `sealed ${offset}`);
    await store.put("a", 3, "again");
    await store.put("b", 9, "another's");
    expect([...await store.get("a")]).toEqual([
      [2, "sealed 2"],
      [2 ** 40, `sealed ${2 ** 40}`],
      [5, "sealed 5"],
      [3, "again"],
    ]);
    expect([...await store.get("b")]).toEqual([[9, "another's"]]);
  });

  it("forgets what it is told to, and all after a day", async () => {
    const clock = createTestClock();
    const store = sqliteCheckpoints(openSqlite(":memory:"), clock);
    await store.put("a", 1, "x");
    await store.put("b", 1, "x");
    await store.delete("a");
    expect((await store.get("a")).size).toBe(0);
    expect((await store.get("b")).size).toBe(1);
    await clock.advance(DAY_MS + 1);
    expect((await store.get("b")).size).toBe(0);
  });

  it("is what another process on the same file left", async () => {
    const database = openSqlite(":memory:");
    await sqliteCheckpoints(database, createTestClock()).put("a", 7, "x");
    expect((await sqliteCheckpoints(database, createTestClock()).get("a")).get(7)).toBe("x");
  });
});

describe("sqliteDeliveries()", () => {
  it("lets one claim win, by any of its keys", async () => {
    const store = sqliteDeliveries(openSqlite(":memory:"), createTestClock());
    expect(await store.claim(["id 1", "body 1"])).toBe(true);
    expect(await store.claim(["id 1", "body 2"])).toBe(false);
    expect(await store.claim(["id 2", "body 1"])).toBe(false);
    expect(await store.claim(["id 2", "body 2"])).toBe(true);
    const both = await Promise.all([store.claim(["same"]), store.claim(["same"])]);
    expect(both.filter((won) => won)).toHaveLength(1);
  });

  it("claims all keys or none, and the same one twice once", async () => {
    const store = sqliteDeliveries(openSqlite(":memory:"), createTestClock());
    await store.claim(["b"]);
    expect(await store.claim(["a", "b"])).toBe(false);
    expect(await store.claim(["a"])).toBe(true);
    expect(await store.claim(["c", "c"])).toBe(true);
  });

  it("gives back, and forgets after three days", async () => {
    const clock = createTestClock();
    const store = sqliteDeliveries(openSqlite(":memory:"), clock);
    await store.claim(["a"]);
    await store.release(["a"]);
    expect(await store.claim(["a"])).toBe(true);
    await clock.advance(3 * DAY_MS - 1);
    expect(await store.claim(["a"])).toBe(false);
    await clock.advance(1);
    expect(await store.claim(["a"])).toBe(true);
  });
});
