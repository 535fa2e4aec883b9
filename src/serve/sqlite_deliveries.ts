import type { Clock } from "../core/mod.ts";
import type { SqliteDatabase } from "../kv/sqlite_node.ts";
import { DELIVERY_KEPT_MS, type DeliveryStore } from "../webhook/mod.ts";

const SCHEMA = `
CREATE TABLE IF NOT EXISTS deliveries (key TEXT PRIMARY KEY, expires_at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS deliveries_by_expiry ON deliveries (expires_at)`;

/** Webhooks that came, in SQLite: also what came before a restart, or to another process, counts once. */
export function sqliteDeliveries(database: SqliteDatabase, clock: Clock): DeliveryStore {
  database.exec(SCHEMA);
  const removeOld = database.prepare("DELETE FROM deliveries WHERE expires_at <= ?");
  const find = database.prepare("SELECT key FROM deliveries WHERE key = ?");
  const insert = database.prepare("INSERT INTO deliveries (key, expires_at) VALUES (?, ?)");
  const remove = database.prepare("DELETE FROM deliveries WHERE key = ?");
  return {
    claim: async (keys) =>
      database.transaction(() => {
        removeOld.run(clock.now());
        if (keys.some((key) => find.all(key).length > 0)) return false;
        for (const key of new Set(keys)) insert.run(key, clock.now() + DELIVERY_KEPT_MS);
        return true;
      }),
    async release(keys): Promise<void> {
      for (const key of keys) remove.run(key);
    },
  };
}
