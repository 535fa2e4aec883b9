import { describe, expect, inject, it } from "vitest";
import { systemClock } from "../../src/core/mod.ts";
import { BLOB_SIZES, TOKEN_SECONDS } from "./catalogue.ts";
import { expectPushed, notePushes } from "./expect_pushed.ts";
import { PIECE_BYTES, PUSH_WAYS } from "./push.ts";

const isFull = inject("full");
/** How long it takes, in seconds, and how many tokens that takes: each goes on until the next chunk. */
const PLAN = isFull
  ? { blob: "deep", seconds: 30, chunkBytes: PIECE_BYTES, tokens: 10 } as const
  : { blob: "large", seconds: 7, chunkBytes: 2 * PIECE_BYTES, tokens: 4 } as const;
const note = notePushes();

describe(`tokens that live ${TOKEN_SECONDS} s, in a push of ${PLAN.seconds} s`, () => {
  it.concurrent.each(PUSH_WAYS)("do not send a %s back to the start", async (way) => {
    const { blob, chunkBytes } = PLAN;
    const paceMs = Math.ceil((PLAN.seconds * 1000) / Math.ceil(BLOB_SIZES[blob] / PIECE_BYTES));
    const sketch = { way, blob, chunkBytes, paceMs } as const;
    const startedAt = systemClock.now();
    const { seen, againBytes } = note(await expectPushed(sketch, { host: "tokens" }, Infinity));
    const seconds = (systemClock.now() - startedAt) / 1000;
    expect(seconds).toBeGreaterThan(PLAN.seconds);
    const begun = seen.filter(({ method, status }) => method === "POST" && status === 202);
    expect(begun).toHaveLength(1);
    const tokens = new Set(seen.map(({ headers }) => headers["authorization"]));
    expect(tokens.size).toBeGreaterThanOrEqual(PLAN.tokens);
    // the service promises a minute: what a token was sent with that ended sooner comes again
    const refused = seen.filter(({ method, status }) => method === "PATCH" && status === 401);
    const isolates = way === "twin doors" ? 2 : 1;
    expect(refused.length).toBeLessThanOrEqual(isolates * Math.ceil(seconds / TOKEN_SECONDS));
    expect(againBytes).toBeLessThanOrEqual(refused.length * chunkBytes);
  });
});
