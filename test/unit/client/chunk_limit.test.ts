import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

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
