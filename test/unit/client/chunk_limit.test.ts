import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createChunkLimit } from "../../../src/client/chunk_limit.ts";
import { GENERIC_PROFILE } from "../../../src/upstream/profiles.ts";

describe("CHUNK_BYTES", () => {
  beforeEach(() => void vi.resetModules());
  afterEach(() => void vi.unstubAllGlobals());

  it.each([
    ["Node.js/24", 16],
    ["Bun/1.3.14", 10],
    ["Deno/2.9.0", 7],
    ["Cloudflare-Workers", 7],
    ["Mozilla/5.0", 7],
    [undefined, 7],
  ])("with %s for the agent is %i MiB", async (userAgent, mib) => {
    vi.stubGlobal("navigator", { userAgent });
    const { CHUNK_BYTES } = await import("../../../src/client/chunk_limit.ts");
    expect(CHUNK_BYTES).toBe(mib * 1024 * 1024);
  });
});

describe("createChunkLimit()", () => {
  it("bounds what is held and what is streamed by all but the length of what is held", () => {
    const limit = createChunkLimit({ ...GENERIC_PROFILE, maxPatchBytes: 900_000 }, 100_000);
    const session = { location: "https://registry.test/upload" };
    expect([limit.next(session), limit.next(session, 500_000)]).toEqual([100_000, 500_000]);
    expect(limit.next(session, 2_000_000)).toBe(900_000);
    expect(limit.next({ ...session, maxChunkBytes: 300_000 }, 500_000)).toBe(300_000);
    expect(limit.next({ ...session, minChunkBytes: 200_000 })).toBe(200_000);
    expect(limit.halve(500_000)).toBe(true);
    expect([limit.next(session), limit.next(session, 500_000)]).toEqual([100_000, 250_000]);
  });
});
