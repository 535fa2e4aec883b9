import { encodeUtf8 } from "../../src/core/mod.ts";
import { sqliteKv } from "../../src/kv/sqlite_node.ts";

/** Writes to the store that the test has open: `node kv_sqlite_child.ts FILE`. */
const store = sqliteKv(process.argv[2] ?? "");
await store.put("from the child", encodeUtf8("hello"));
store.close();
