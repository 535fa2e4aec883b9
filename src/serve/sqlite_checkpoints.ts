import type { Clock } from "../core/mod.ts";
import type { CheckpointStore } from "../front/mod.ts";
import type { SqliteDatabase } from "../kv/sqlite_node.ts";

const SCHEMA = `
CREATE TABLE IF NOT EXISTS checkpoints (
  id TEXT NOT NULL, offset INTEGER NOT NULL, sealed TEXT NOT NULL, written_at REAL NOT NULL,
  UNIQUE (id, offset));
CREATE INDEX IF NOT EXISTS checkpoints_by_time ON checkpoints (written_at)`;

const KEPT_MS = 24 * 60 * 60_000; // as long as an upload's address opens
const KEPT_PER_UPLOAD = 4;

/** Checkpoints of uploads in SQLite: they outlive the process. */
export function sqliteCheckpoints(database: SqliteDatabase, clock: Clock): CheckpointStore {
  database.exec(SCHEMA);
  const replace = database.prepare(
    "INSERT OR REPLACE INTO checkpoints (id, offset, sealed, written_at) VALUES (?, ?, ?, ?)",
  );
  const removeOthers = database.prepare(
    `DELETE FROM checkpoints WHERE id = ? AND rowid NOT IN
      (SELECT rowid FROM checkpoints WHERE id = ? ORDER BY rowid DESC LIMIT ${KEPT_PER_UPLOAD})`,
  );
  const removeOld = database.prepare("DELETE FROM checkpoints WHERE written_at < ?");
  const select = database.prepare(
    "SELECT offset, sealed FROM checkpoints WHERE id = ? AND written_at >= ? ORDER BY rowid",
  );
  const remove = database.prepare("DELETE FROM checkpoints WHERE id = ?");
  return {
    async put(id, offset, sealed): Promise<void> {
      database.transaction(() => {
        replace.run(id, offset, sealed, clock.now());
        removeOthers.run(id, id);
        removeOld.run(clock.now() - KEPT_MS);
      });
    },
    async get(id): Promise<ReadonlyMap<number, string>> {
      const rows = select.all(id, clock.now() - KEPT_MS) as readonly Row[];
      return new Map(rows.map(({ offset, sealed }) => [offset, sealed]));
    },
    delete: async (id) => void remove.run(id),
  };
}

interface Row {
  readonly offset: number;
  readonly sealed: string;
}
