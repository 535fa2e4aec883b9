import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { decodeHex, encodeHex } from "../../../src/core/mod.ts";
import { LANES_WASM_HEX } from "../../../src/hash/lanes_hex.ts";
import { SHA2_WASM_HEX } from "../../../src/hash/sha2_hex.ts";

const wasm = readFileSync(new URL("../../../src/hash/sha2.wasm", import.meta.url));

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

describe("sha2.wasm", () => {
  it("has at most 12 KiB, imports nothing and equals the inline copy", () => {
    expect(wasm.length).toBeLessThanOrEqual(12 * 1024);
    expect(WebAssembly.Module.imports(new WebAssembly.Module(wasm))).toEqual([]);
    expect(Buffer.compare(decodeHex(SHA2_WASM_HEX), wasm)).toBe(0);
  });
});

describe("lanes.wasm", () => {
  it("has at most 12 KiB, imports nothing and equals the inline copy", () => {
    const lanes = readFileSync(new URL("../../../src/hash/lanes.wasm", import.meta.url));
    expect(lanes.length).toBeLessThanOrEqual(12 * 1024);
    expect(WebAssembly.Module.imports(new WebAssembly.Module(lanes))).toEqual([]);
    expect(Buffer.compare(decodeHex(LANES_WASM_HEX), lanes)).toBe(0);
  });
});

describe("registerWasm()", () => {
  it("takes the place of the inline module", async () => {
    vi.resetModules();
    const { registerWasm, wasmModule } = await import("../../../src/hash/wasm_source.ts");
    const module = new WebAssembly.Module(wasm);
    registerWasm(module);
    expect(wasmModule()).toBe(module);
    const { createSha256 } = await import("../../../src/hash/sha2.ts");
    expect(encodeHex(createSha256().digest())).toMatch(/^e3b0c442/);
  });
});

describe("wasmModule()", () => {
  it("says what to import where the runtime refuses to compile", async () => {
    vi.resetModules();
    const { createSha256 } = await import("../../../src/hash/sha2.ts");
    vi.stubGlobal("WebAssembly", {
      Module: class {
        constructor() {
          throw new Error("Wasm code generation disallowed by embedder");
        }
      },
    });
    expect(() => createSha256()).toThrow(expect.objectContaining({
      code: "UNSUPPORTED",
      message: expect.stringContaining("tidegate/hash/workerd"),
      details: { what: "WASM hash", reason: "Wasm code generation disallowed by embedder" },
    }));
  });
});
