import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const MIB = 1024 * 1024;
const ORIGINAL = Uint8Array.from({ length: 2 * MIB }, (_, i) => (i * 7 + (i >> 11)) % 251);

/** What a runtime does with a body: Deno asks it for a copy, the others copy in other ways. */
type Take = (body: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;

/** `lentBytes()` on a runtime, as if nobody had called it before. */
async function lentOn(
  userAgent: string,
  take: Take,
): Promise<(bytes: Uint8Array<ArrayBuffer>) => Promise<Uint8Array<ArrayBuffer>>> {
  class TakingRequest extends Request {
    constructor(url: string, { body, ...init }: RequestInit) {
      super(url, { ...init, body: take(body as Uint8Array<ArrayBuffer>) });
    }
  }
  vi.stubGlobal("navigator", { userAgent });
  vi.stubGlobal("Request", TakingRequest);
  return (await import("../../../src/transport/lent_bytes_deno.ts")).lentBytes;
}

describe("lentBytes()", () => {
  beforeEach(() => void vi.resetModules());
  afterEach(() => void vi.unstubAllGlobals());

  it("has the bytes themselves for its copy, on Deno", async () => {
    const lentBytes = await lentOn("Deno/2.9.6", (body) => body.slice());
    const bytes = ORIGINAL.slice();
    expect((await lentBytes(bytes)).slice()).toBe(bytes);
    expect(Buffer.from(bytes).equals(ORIGINAL)).toBe(true);
  });

  const others: Record<string, Take> = {
    "copies in another way": (body) => new Uint8Array(body),
    "takes other bytes": (body) => new Uint8Array(body.slice().length),
    "refuses it": () => {
      throw new TypeError("Not a body");
    },
  };
  it.each(Object.keys(others))("is the bytes where Deno %s", async (how) => {
    const lentBytes = await lentOn("Deno/9.0.0", others[how] as Take);
    expect(await lentBytes(ORIGINAL)).toBe(ORIGINAL);
    expect(await lentBytes(ORIGINAL)).toBe(ORIGINAL);
  });

  it("is the bytes when they are part of a buffer, all of which might be shown", async () => {
    const lentBytes = await lentOn("Deno/2.9.6", (body) => body.slice());
    const part = ORIGINAL.subarray(5, MIB + 11);
    expect(await lentBytes(part)).toBe(part);
  });

  it("is the bytes when they are few", async () => {
    const lentBytes = await lentOn("Deno/2.9.6", (body) => body.slice());
    const few = ORIGINAL.subarray(0, MIB - 1);
    expect(await lentBytes(few)).toBe(few);
  });

  it.each(["Node.js/24", "Bun/1.4.5", "Cloudflare-Workers"])("is the bytes on %s", async (name) => {
    const lentBytes = await lentOn(name, (body) => body.slice());
    expect(await lentBytes(ORIGINAL)).toBe(ORIGINAL);
  });
});
