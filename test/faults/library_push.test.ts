import { afterAll, describe, expect, inject, it } from "vitest";
import { createHasher } from "../../src/hash/mod.ts";
import { formatDigest } from "../../src/reference/mod.ts";
import { BLOB_SIZES, blobContent, type BlobName } from "./catalogue.ts";
import { closePush, openPush, type PushFault, type PushOutcome } from "./control.ts";
import { spreadCuts } from "./matrix.ts";
import { PUSH_WAYS, type PushWay, pushWithLibrary } from "./push.ts";

const faults = inject("faults");
const isFull = inject("full");
const KIB = 1024;
const KINDS = ["close", "reset"] as const;
const digests = new Map<BlobName, string>();
let most = 0;

afterAll(() => console.log(`sent again after a cut: at most ${most} bytes`));

async function digestOf(blob: BlobName): Promise<string> {
  const hasher = createHasher("sha256");
  const content = blobContent(blob);
  for (let at = 0; at < content.size; at += 64 * KIB) {
    await hasher.update(content.read(at, Math.min(at + 64 * KIB, content.size)));
  }
  const digest = digests.get(blob) ?? formatDigest("sha256", await hasher.digest());
  digests.set(blob, digest);
  return digest;
}

async function push(
  way: PushWay,
  blob: BlobName,
  chunkBytes: number,
  programs: readonly PushFault[],
): Promise<PushOutcome> {
  const digest = await digestOf(blob);
  const opened = await openPush(faults, programs);
  const pushed = await pushWithLibrary(faults, { ...opened, way, blob, digest, chunkBytes });
  const outcome = await closePush(faults, opened, digest);
  expect({ ...pushed, stored: outcome.stored }).toEqual({
    ...{ outcome: "uploaded", code: undefined, stored: digest },
  });
  const again = outcome.arrivedBytes - BLOB_SIZES[blob];
  expect(again, "sent again").toBeLessThanOrEqual(Math.ceil(chunkBytes * 1.01));
  most = Math.max(most, again);
  return outcome;
}

/** Each chunk's requests, and places inside of one: its ends, and some between. */
function requestCuts(size: number, chunkBytes: number, count: number): readonly [number, number][] {
  const chunks = Math.ceil(size / chunkBytes);
  const ends = Array.from({ length: chunks }, (_, i) => i + 1).flatMap((nth) => {
    const length = Math.min(chunkBytes, size - (nth - 1) * chunkBytes);
    return [0, 1, length - 1].filter((at) => at >= 0).map((at): [number, number] => [nth, at]);
  });
  const inside = spreadCuts(size, count).map((at): [number, number] => [
    Math.floor(at / chunkBytes) + 1,
    at % chunkBytes,
  ]);
  return [...ends, ...inside];
}

describe.each(PUSH_WAYS)("a push of 1 MiB + 17 in chunks to a %s", (way) => {
  const CHUNK = 256 * KIB;

  it("arrives as it is", async () => {
    expect((await push(way, "large", CHUNK, [])).arrivedBytes).toBe(BLOB_SIZES.large);
  });

  const cuts = requestCuts(BLOB_SIZES.large, CHUNK, isFull ? 200 : 8);
  it.each(cuts)("whose chunk %i is cut at byte %i", async (nth, at) => {
    const by = KINDS[at % 2] ?? "close";
    await push(way, "large", CHUNK, [{
      method: "PATCH",
      nth,
      action: { kind: "cut-request", at, by },
    }]);
  });

  it.each([1, 2, 3, 4, 5])("whose chunk %i is stored, but the answer is lost", async (nth) => {
    for (const by of KINDS) {
      await push(way, "large", CHUNK, [{ method: "PATCH", nth, action: { kind: "drop", by } }]);
    }
  });

  it.each(["POST", "PUT"])("whose %s is lost, seen or unseen", async (method) => {
    for (const by of KINDS) {
      for (const unseen of [true, false]) {
        await push(way, "large", CHUNK, [
          { method, nth: 1, path: "blobs/uploads/*", action: { kind: "drop", by, unseen } },
        ]);
      }
    }
  });
});

describe.each(isFull ? PUSH_WAYS : [])("a push of 64 MiB + 17 in chunks to a %s", (way) => {
  const CHUNK = 4 * KIB * KIB;
  it.each(requestCuts(BLOB_SIZES.huge, CHUNK, 200))("chunk %i, cut at byte %i", async (nth, at) => {
    const by = KINDS[at % 2] ?? "close";
    await push(way, "huge", CHUNK, [{
      method: "PATCH",
      nth,
      action: { kind: "cut-request", at, by },
    }]);
  });
});
