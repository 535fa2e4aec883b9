import { env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { layeredKv, memoryKv } from "../../src/kv/mod.ts";
import { workersKv, type WorkersKvNamespace } from "../../src/kv/workers.ts";
import { kvStoreContract } from "../contract/kv_store.ts";

const { TOKENS } = env as unknown as { TOKENS: WorkersKvNamespace };

kvStoreContract("workersKv() on a real namespace", () => workersKv(TOKENS));
kvStoreContract(
  "layeredKv() over a real namespace",
  () => layeredKv(memoryKv(), workersKv(TOKENS)),
);

describe("workersKv() on a real namespace", () => {
  it("the namespace itself refuses what the adapter works around", async () => {
    const value = new Uint8Array(1);
    await expect(TOKENS.put("short", value, { expirationTtl: 59 })).rejects.toThrow();
    await expect(TOKENS.put("k".repeat(513), value)).rejects.toThrow();
    await expect(TOKENS.get("..", "arrayBuffer")).rejects.toThrow();
  });
});
