import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, inject, it } from "vitest";
import { contentBytes } from "../../src/simulation/mod.ts";
import { BLOB_SIZES, blobContent, type BlobName, TOKEN_SECONDS } from "./catalogue.ts";
import { closePush, openPush, type PushCase, type PushOutcome } from "./control.ts";
import { mostAgain } from "./expect_pushed.ts";
import { spreadCuts } from "./matrix.ts";
import { digestOf } from "./push.ts";
import { askRaw, closing, pathOf, type RawRequest } from "./raw_push_node.ts";

const SETTLE_MS = 100;
const SMALL_CHUNK_BYTES = 1024 * 1024; // what a door holds in memory
const faults = inject("faults");
const isFull = inject("full");
/** A door with Durable Objects; one after another without. */
const DOORS = {
  "a door": [faults.door],
  "a lone door": [faults.twins[0]],
  "twin doors": faults.twins,
} as const;
type Way = keyof typeof DOORS;
const WAYS = Object.keys(DOORS) as readonly Way[];

/** A caller: every request to the next door, at the newest address that it was told. */
function caller(way: Way, { host, repository }: PushCase): {
  begin(): Promise<string>;
  ask(asked: RawRequest): ReturnType<typeof askRaw>;
} {
  let count = 0;
  const doors: readonly string[] = DOORS[way];
  const ask = (asked: RawRequest): ReturnType<typeof askRaw> =>
    askRaw(doors[count++ % doors.length] as string, asked);
  return {
    ask,
    async begin(): Promise<string> {
      const path = `/v2/${host}/${repository}/blobs/uploads/`;
      const { status, location } = await ask({ method: "POST", path });
      expect(status).toBe(202);
      return pathOf(location);
    },
  };
}

/**
 * Ask where an upload stands, and go on from there to the end. The door may still be passing on what it
 * had before the caller broke off: then it says so, and the caller asks again.
 */
async function finishFrom(
  { ask }: ReturnType<typeof caller>,
  path: string,
  blob: BlobName,
): Promise<void> {
  const bytes = contentBytes(blobContent(blob));
  const last = `0-${bytes.length - 1}`;
  let stands = await ask({ method: "GET", path });
  for (let before = ""; stands.range !== before;) {
    expect(stands.status).toBe(204);
    before = stands.range ?? "";
    await sleep(SETTLE_MS);
    stands = await ask({ method: "GET", path });
  }
  for (let tries = 0; stands.range !== last && tries < 20; tries++) {
    const end = Number(stands.range?.slice(2));
    const at = end === 0 ? 0 : end + 1;
    const body = bytes.subarray(at);
    const headers = { "content-range": `${at}-${bytes.length - 1}` };
    const patched = await ask({ method: "PATCH", path: pathOf(stands.location), body, headers });
    expect([202, 416]).toContain(patched.status);
    if (patched.status === 416) await sleep(SETTLE_MS);
    stands = patched;
  }
  expect(stands.range).toBe(last);
  const put = closing(stands.location, await digestOf(blob));
  expect(await ask({ method: "PUT", path: put })).toMatchObject({ status: 201 });
}

async function expectStored(opened: PushCase, blob: BlobName): Promise<PushOutcome> {
  const digest = await digestOf(blob);
  const outcome = await closePush(faults, opened, digest);
  expect(outcome).toMatchObject({ stored: digest, uploads: 0 });
  return outcome;
}

describe.each(WAYS)("a caller of %s that breaks off", (way) => {
  const size = BLOB_SIZES.deep;
  const cuts = [1, ...spreadCuts(size, isFull ? 200 : 8).slice(1)];
  it.each(cuts)("at byte %i of a stream goes on where it was", async (cutAt) => {
    const opened = await openPush(faults);
    const one = caller(way, opened);
    const path = await one.begin();
    const body = contentBytes(blobContent("deep"));
    await one.ask({ method: "PATCH", path, body, cutAt });
    await finishFrom(one, path, "deep"); // at the old address: it has no other
    const { arrivedBytes } = await expectStored(opened, "deep");
    // a small body is sent on without asking: once, should the one before still be on its way
    expect(arrivedBytes - size).toBeLessThanOrEqual(mostAgain(SMALL_CHUNK_BYTES));
  });

  it.each([1000, 300_000, size])("before it hears of a chunk of %i goes on", async (length) => {
    const opened = await openPush(faults);
    const one = caller(way, opened);
    const path = await one.begin();
    const body = contentBytes(blobContent("deep")).subarray(0, length);
    await one.ask({ method: "PATCH", path, body, deaf: true });
    await finishFrom(one, path, "deep");
    await expectStored(opened, "deep");
  });
});

describe("a stream through a door that outlives its token", () => {
  it.concurrent.each(WAYS)("%s", async (way) => {
    const opened = await openPush(faults, { host: "tokens" });
    const one = caller(way, opened);
    const path = await one.begin();
    const body = contentBytes(blobContent("deep"));
    const paceMs = isFull ? 2200 : 500; // 30 s, or 7 s
    const patched = await one.ask({ method: "PATCH", path, body, paceMs });
    expect(patched).toMatchObject({ status: 202, range: `0-${body.length - 1}` });
    const put = closing(patched.location, await digestOf("deep"));
    expect(await one.ask({ method: "PUT", path: put })).toMatchObject({ status: 201 });
    const { arrivedBytes, seen } = await expectStored(opened, "deep");
    expect(arrivedBytes).toBe(body.length);
    const tokens = new Set(seen.map(({ headers }) => headers["authorization"]));
    expect(tokens.size).toBeGreaterThan(1);
    expect(TOKEN_SECONDS * 1000).toBeLessThan(paceMs * 14);
  });
});
