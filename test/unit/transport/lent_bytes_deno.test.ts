import { execFileSync } from "node:child_process";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const MIB = 1024 * 1024;
const ORIGINAL = Uint8Array.from({ length: 2 * MIB }, (_, i) => (i * 7 + (i >> 11)) % 251);

/** What a runtime makes of a body. */
type Take = (body: Blob) => BodyInit;

/** `lentBytes()` on a runtime, as if nobody had called it before. */
async function lentOn(
  userAgent: string,
  take: Take = (body) => body.stream(),
): Promise<(bytes: Uint8Array<ArrayBuffer>) => Promise<Uint8Array<ArrayBuffer> | Blob>> {
  class TakingResponse extends Response {
    constructor(body: Blob) {
      super(take(body));
    }
  }
  vi.stubGlobal("navigator", { userAgent });
  vi.stubGlobal("Response", TakingResponse);
  return (await import("../../../src/transport/lent_bytes_deno.ts")).lentBytes;
}

/** Sends a part of a buffer and prints what came: its headers, and whether it is the same. */
const SEND = `
  import { createServer } from "node:http";
  import { lentBytes } from "./src/transport/lent_bytes_deno.ts";
  const sent = Uint8Array.from({ length: 2_000_000 }, (_, i) => (i * 7 + (i >> 11)) % 251).subarray(5);
  const server = createServer(async (request, response) => {
    const got = Buffer.concat(await request.toArray());
    const { "content-length": length, "transfer-encoding": encoding } = request.headers;
    response.end(JSON.stringify({ length, encoding, isSame: got.equals(sent) }));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const body = await lentBytes(sent);
  const url = "http://127.0.0.1:" + server.address().port;
  const answer = await (await fetch(new Request(url, { method: "PATCH", body }))).json();
  console.log(JSON.stringify({ ...answer, isBlob: body instanceof Blob }));
  process.exit();
`;

describe("lentBytes()", () => {
  beforeEach(() => void vi.resetModules());
  afterEach(() => void vi.unstubAllGlobals());

  it("has the size of the bytes, and streams themselves, on Deno", async () => {
    const lentBytes = await lentOn("Deno/2.9.6");
    const bytes = ORIGINAL.slice();
    const lent = await lentBytes(bytes.subarray(5)) as Blob;
    expect(lent.size).toBe(bytes.length - 5);
    const pieces: Uint8Array[] = [];
    for await (const piece of lent.stream()) pieces.push(piece);
    expect(pieces.every(({ buffer }) => buffer === bytes.buffer)).toBe(true);
    expect(Buffer.concat(pieces).equals(ORIGINAL.subarray(5))).toBe(true);
  });

  it("goes over Deno's wire with its length", () => {
    const preface = 'import { Buffer } from "node:buffer"; import process from "node:process";';
    const args = ["eval", "--ext=ts", `${preface}${SEND}`];
    const printed = execFileSync("deno", args, { encoding: "utf8", timeout: 60_000 });
    expect(JSON.parse(printed)).toEqual({ length: "1999995", isSame: true, isBlob: true });
  });

  const others: Record<string, Take> = {
    "looks for the bytes elsewhere": () => new Blob(),
    "takes other bytes": () => new Uint8Array(1),
    "refuses it": () => {
      throw new TypeError("Not a body");
    },
  };
  it.each(Object.keys(others))("is the bytes where Deno %s", async (how) => {
    const lentBytes = await lentOn("Deno/9.0.0", others[how] as Take);
    expect(await lentBytes(ORIGINAL)).toBe(ORIGINAL);
    expect(await lentBytes(ORIGINAL)).toBe(ORIGINAL);
  });

  it("is the bytes when they are few", async () => {
    const lentBytes = await lentOn("Deno/2.9.6");
    const few = ORIGINAL.subarray(0, MIB - 1);
    expect(await lentBytes(few)).toBe(few);
  });

  it.each(["Node.js/24", "Bun/1.4.5", "Cloudflare-Workers"])("is the bytes on %s", async (name) => {
    const lentBytes = await lentOn(name);
    expect(await lentBytes(ORIGINAL)).toBe(ORIGINAL);
  });
});
