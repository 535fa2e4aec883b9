import { describe, expect, inject, it } from "vitest";
import { systemClock } from "../../src/core/mod.ts";
import { BLOB_SIZES, TOKEN_SECONDS } from "./catalogue.ts";
import { expectPushed, notePushes } from "./expect_pushed.ts";
import { PIECE_BYTES, PUSH_WAYS } from "./push.ts";

const isFull = inject("full");
const SECONDS = isFull ? 30 : 7;
const PIECES = Math.ceil(BLOB_SIZES.large / PIECE_BYTES);
const note = notePushes();

const CHUNK = 2 * PIECE_BYTES;

describe(`tokens that live ${TOKEN_SECONDS} s, in a push of ${SECONDS} s`, () => {
  it.concurrent.each(PUSH_WAYS)("do not send a %s back to the start", async (way) => {
    const paceMs = Math.ceil((SECONDS * 1000) / PIECES);
    const sketch = { way, blob: "large", chunkBytes: CHUNK, paceMs } as const;
    const startedAt = systemClock.now();
    const { seen, againBytes } = note(await expectPushed(sketch, { host: "tokens" }, Infinity));
    const seconds = (systemClock.now() - startedAt) / 1000;
    expect(seconds).toBeGreaterThan(SECONDS);
    const begun = seen.filter(({ method, status }) => method === "POST" && status === 202);
    expect(begun).toHaveLength(1);
    const tokens = new Set(seen.map(({ headers }) => headers["authorization"]));
    expect(tokens.size).toBeGreaterThanOrEqual(SECONDS / TOKEN_SECONDS);
    // the service promises a minute: what a token was sent with that ended sooner comes again
    const refused = seen.filter(({ method, status }) => method === "PATCH" && status === 401);
    const isolates = way === "twin doors" ? 2 : 1;
    expect(refused.length).toBeLessThanOrEqual(isolates * Math.ceil(seconds / TOKEN_SECONDS));
    expect(againBytes).toBeLessThanOrEqual(refused.length * CHUNK);
  });
});
