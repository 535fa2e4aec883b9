import { describe, expect, it } from "vitest";
import type { UploadRecord } from "../../src/client/mod.ts";
import type { UploadRecords } from "../../src/copy/mod.ts";
import { parseDigest } from "../../src/reference/mod.ts";

const TARGET = { registry: "registry.example.com", repository: "acme/app" };
const DIGEST = parseDigest(`sha256:${"a".repeat(64)}`);
const NAMES = { source: "from/app:v1", destination: "to/app:v1" };

function recordAt(offset: number): UploadRecord {
  const location = "https://registry.example.com/v2/acme/app/blobs/uploads/1";
  return { version: 1, ...TARGET, location, offset, algorithm: "sha256", state: "x" };
}

/** What every store of upload records does. */
export function testUploadRecords(name: string, create: () => Promise<UploadRecords>): void {
  describe(`upload records: ${name}`, () => {
    it("keeps the last record for the next claim", async () => {
      const records = await create();
      const first = await records.claim(TARGET, DIGEST, NAMES);
      expect(first?.saved).toBeUndefined();
      await first?.save(recordAt(5));
      await first?.save(recordAt(9));
      await first?.release();
      const second = await records.claim(TARGET, DIGEST, NAMES);
      expect(second?.saved).toMatchObject({ record: recordAt(9), ...NAMES });
      expect(second?.saved?.startedAt).toBeLessThanOrEqual(second?.saved?.updatedAt ?? 0);
    });

    it("gives a record to one at a time", async () => {
      const records = await create();
      const claims = await Promise.all(
        Array.from({ length: 8 }, () => records.claim(TARGET, DIGEST, NAMES)),
      );
      const slots = claims.filter((slot) => slot !== undefined);
      expect(slots).toHaveLength(1);
      await slots[0]?.save(recordAt(1));
      expect(await records.list()).toMatchObject([{ isRunning: true, record: recordAt(1) }]);
      expect(await records.remove(TARGET, DIGEST)).toBe(false);
      await slots[0]?.release();
      expect(await records.claim(TARGET, DIGEST, NAMES)).toBeDefined();
    });

    it("forgets what is over, or was never begun", async () => {
      const records = await create();
      const empty = await records.claim(TARGET, DIGEST, NAMES);
      await empty?.release();
      expect(await records.list()).toEqual([]);
      const slot = await records.claim(TARGET, DIGEST, NAMES);
      await slot?.save(recordAt(1));
      await slot?.remove();
      await slot?.release();
      expect(await records.list()).toEqual([]);
      expect((await records.claim(TARGET, DIGEST, NAMES))?.saved).toBeUndefined();
    });

    it("removes one by repository and digest", async () => {
      const records = await create();
      const other = parseDigest(`sha256:${"b".repeat(64)}`);
      for (const digest of [DIGEST, other]) {
        const slot = await records.claim(TARGET, digest, NAMES);
        await slot?.save(recordAt(2));
        await slot?.release();
      }
      expect(await records.remove(TARGET, DIGEST)).toBe(true);
      expect(await records.remove(TARGET, DIGEST)).toBe(false);
      expect(await records.list()).toMatchObject([{ isRunning: false }]);
    });
  });
}
