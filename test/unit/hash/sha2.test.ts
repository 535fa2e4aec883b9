import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createHasher, createSha256, createSha512, wasmHasher } from "../../../src/hash/mod.ts";
import { encodeHex } from "../../../src/core/mod.ts";

const MESSAGE = Uint8Array.from({ length: 300 }, (_, i) => (i * 197) ^ (i >>> 3));
const algorithms = ["sha256", "sha512"] as const;

function reference(algorithm: string, message: Uint8Array): string {
  return createHash(algorithm).update(message).digest("hex");
}

describe.each(algorithms)("%s", (algorithm) => {
  it("digest() is the same for every split of messages of 0..300 bytes", () => {
    for (let length = 0; length <= 300; length++) {
      const message = MESSAGE.subarray(0, length);
      const wanted = reference(algorithm, message);
      for (let split = 0; split <= length; split++) {
        const hasher = wasmHasher(algorithm);
        hasher.update(message.subarray(0, split));
        hasher.update(message.subarray(split));
        if (encodeHex(hasher.digest()) !== wanted) expect.fail(`${length} split at ${split}`);
      }
    }
  });

  it("exportState() at every byte continues in another hasher, and the first goes on", () => {
    const wanted = reference(algorithm, MESSAGE);
    const first = wasmHasher(algorithm);
    for (let at = 0; at <= MESSAGE.length; at++) {
      const second = wasmHasher(algorithm);
      second.importState(first.exportState());
      second.update(MESSAGE.subarray(at));
      if (encodeHex(second.digest()) !== wanted) expect.fail(`continued at ${at}`);
      first.update(MESSAGE.subarray(at, at + 1));
    }
    expect(encodeHex(first.digest())).toBe(wanted);
  });

  it("update() takes pieces larger than the window at any offset", () => {
    const message = new Uint8Array(200_001).map((_, i) => i * 31);
    for (const split of [0, 1, 63, 64, 127, 65_535, 65_536, 65_537, 131_071, 200_001]) {
      const hasher = wasmHasher(algorithm);
      hasher.update(message.subarray(0, split));
      hasher.update(message.subarray(split));
      expect(encodeHex(hasher.digest())).toBe(reference(algorithm, message));
    }
  });

  it("hashers in turn do not disturb each other", () => {
    const hashers = Array.from({ length: 50 }, () => wasmHasher(algorithm));
    for (let at = 0; at < 300; at += 7) {
      for (const [i, hasher] of hashers.entries()) {
        hasher.update(MESSAGE.subarray(at, at + 7).map((byte) => byte ^ i));
      }
    }
    for (const [i, hasher] of hashers.entries()) {
      expect(encodeHex(hasher.digest())).toBe(reference(algorithm, MESSAGE.map((b) => b ^ i)));
    }
  });

  it("createHasher() agrees with the WASM one", async () => {
    const hasher = createHasher(algorithm);
    await hasher.update(MESSAGE);
    expect(encodeHex(await hasher.digest())).toBe(reference(algorithm, MESSAGE));
  });
});

it("createSha256() and createSha512() refuse use after the digest, and importState() revives them", () => {
  for (const hasher of [createSha256(), createSha512()]) {
    const start = hasher.exportState();
    hasher.digest();
    expect(() => hasher.update(MESSAGE)).toThrow(TypeError);
    expect(() => hasher.digest()).toThrow(TypeError);
    expect(() => hasher.exportState()).toThrow(TypeError);
    hasher.importState(start);
    expect(encodeHex(hasher.digest())).toBe(reference(hasher.algorithm, new Uint8Array(0)));
  }
});
