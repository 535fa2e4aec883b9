import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contentBytes, digestOf } from "../../../src/simulation/mod.ts";
import { nodeHasher } from "../../../src/simulation/serve_node.ts";
import { keepContent, keepDigest } from "../../../src/simulation/upload.ts";
import { pieces, pushBench, someBytes, withDigest } from "./push_support.ts";

const BYTES = someBytes(2000);
const DIGEST = await digestOf(BYTES);

describe("keepContent() and keepDigest()", () => {
  it("pieces of any length, some taken back, are the same bytes", async () => {
    const step = fc.record({ length: fc.nat(300), isTakenBack: fc.boolean() });
    await fc.assert(fc.asyncProperty(fc.array(step), async (steps) => {
      const data = keepContent(undefined);
      for (const { length, isTakenBack } of steps) {
        const before = data.size;
        await data.add(BYTES.slice(before, before + length), undefined);
        if (isTakenBack) expect(data.truncate(before)).toBe(true);
      }
      const right = BYTES.slice(0, data.size);
      const { digest, content } = await data.finish("sha256") ?? {};
      expect(digest).toBe(await digestOf(right));
      expect(content && contentBytes(content)).toEqual(right);
    }));
  });

  it("bytes are copied: their buffer may be used again", async () => {
    const data = keepContent(undefined);
    const buffer = new Uint8Array([1, 2, 3]);
    await data.add(buffer, undefined);
    buffer.fill(0);
    const { content } = await data.finish("sha256") ?? {};
    expect(content && contentBytes(content)).toEqual(new Uint8Array([1, 2, 3]));
  });

  it("a digest alone cannot take back, nor be read", async () => {
    const data = keepDigest(nodeHasher);
    await data.add(BYTES, undefined);
    expect([data.truncate(2000), data.truncate(1999)]).toEqual([true, false]);
    const { digest, content } = await data.finish("sha256") ?? {};
    expect([digest, content?.size]).toEqual([DIGEST, 2000]);
    expect(() => content?.read(0, 1)).toThrow(TypeError);
  });
});

describe("an upload through any breaks", () => {
  it("goes on from its Range to the right blob", async () => {
    const attempt = fc.record({
      length: fc.integer({ min: 1, max: 900 }),
      cut: fc.option(fc.integer({ min: 1, max: 900 })),
      isLost: fc.boolean(),
    });
    await fc.assert(fc.asyncProperty(fc.array(attempt), async (attempts) => {
      const { send, open, simulation, registry } = pushBench();
      const location = await open("a");
      let size = 0;
      for (const { length, cut, isLost } of attempts) {
        const chunk = BYTES.slice(size, size + length);
        if (chunk.length === 0) break;
        simulation.faults.clear();
        if (cut !== null) {
          simulation.faults.add({
            method: "PATCH",
            action: { kind: "cut-request", at: cut, by: "reset" },
          });
        }
        if (isLost) {
          simulation.faults.add({ method: "PATCH", action: { kind: "drop", by: "close" } });
        }
        const headers = { "content-range": `${size}-${size + chunk.length - 1}` };
        await send("PATCH", location, { ...pieces([chunk]), headers }).catch(() => {});
        size += Math.min(chunk.length, cut ?? Infinity);
        const range = (await send("GET", location)).headers.get("range");
        expect(range).toBe(`0-${size - 1}`);
      }
      const body = BYTES.slice(size);
      expect((await send("PUT", withDigest(location, DIGEST), { body })).status).toBe(201);
      const stored = registry.repository("a").blobs.get(DIGEST);
      expect(stored && contentBytes(stored)).toEqual(BYTES);
    }));
  });
});
