import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes, encodeHex, isTidegateError } from "../../../src/core/mod.ts";
import { createSha256, createSha512, wasmHasher } from "../../../src/hash/mod.ts";

function snapshotOf(algorithm: "sha256" | "sha512", bytes: number): Uint8Array<ArrayBuffer> {
  const hasher = wasmHasher(algorithm);
  hasher.update(new Uint8Array(bytes));
  return hasher.exportState();
}

function changed(snapshot: Uint8Array, at: number, value: number): Uint8Array {
  const copy = snapshot.slice();
  copy[at] = value;
  return copy;
}

function reasonOf(act: () => void): string | undefined {
  try {
    act();
  } catch (error) {
    if (isTidegateError(error, "HASH_STATE_INVALID")) return error.details.reason;
    throw error;
  }
  return undefined;
}

describe("exportState()", () => {
  it("has the documented layout: version, algorithm, length, chain, pending", () => {
    const hasher = createSha256();
    hasher.update(new TextEncoder().encode("abc"));
    expect(encodeHex(hasher.exportState())).toBe(
      "0101" + "0000000000000003" +
        "6a09e667bb67ae853c6ef372a54ff53a510e527f9b05688c1f83d9ab5be0cd19" + "616263",
    );
    expect(createSha512().exportState()).toHaveLength(74);
    expect(snapshotOf("sha512", 127)).toHaveLength(201);
  });

  it("is a copy: later updates do not change it", () => {
    const hasher = createSha512();
    hasher.update(new Uint8Array(130));
    const snapshot = hasher.exportState();
    const before = encodeHex(snapshot);
    hasher.update(new Uint8Array(1000));
    expect(encodeHex(snapshot)).toBe(before);
  });
});

describe("importState()", () => {
  const full = snapshotOf("sha256", 100);

  it.each<[string, Uint8Array, RegExp]>([
    ["nothing", new Uint8Array(0), /too few/],
    ["one byte short", full.subarray(0, -1), /does not fit/],
    ["one byte more", concatBytes([full, new Uint8Array(1)]), /does not fit/],
    ["no chaining state", full.subarray(0, 41), /too few/],
    ["version 0", changed(full, 0, 0), /version is 0/],
    ["version 2", changed(full, 0, 2), /version is 2/],
    ["an unknown algorithm", changed(full, 1, 7), /not a state of sha256/],
    ["the other algorithm", snapshotOf("sha512", 100), /not a state of sha256/],
    ["a length above 2^53 - 1", changed(full, 3, 0x20), /2\^53/],
    ["a length of another residue", changed(full, 9, 101), /does not fit/],
    ["a moved chain before the first block", changed(snapshotOf("sha256", 9), 12, 0), /has moved/],
  ])("refuses %s", (_, snapshot, reason) => {
    expect(reasonOf(() => createSha256().importState(snapshot))).toMatch(reason);
  });

  it("leaves the progress as it was when it refuses", () => {
    const hasher = createSha256();
    hasher.update(new Uint8Array(100));
    expect(() => hasher.importState(new Uint8Array(3))).toThrow();
    expect(hasher.exportState()).toEqual(full);
  });

  it("does not keep the caller's buffer", () => {
    const buffer = full.slice();
    const hasher = createSha256();
    hasher.importState(buffer);
    buffer.fill(0);
    expect(hasher.exportState()).toEqual(full);
  });

  it("reads a snapshot at an odd offset of a larger buffer", () => {
    const hasher = createSha256();
    hasher.importState(concatBytes([new Uint8Array(3), full]).subarray(3));
    expect(hasher.exportState()).toEqual(full);
  });

  it("takes any bytes with a snapshot or HASH_STATE_INVALID, never an untyped throw", () => {
    const header = fc.tuple(fc.constantFrom(0, 1, 2), fc.constantFrom(0, 1, 2, 3));
    const bytes = fc.tuple(header, fc.uint8Array({ maxLength: 220 }));
    fc.assert(fc.property(bytes, fc.boolean(), ([head, tail], is512) => {
      const hasher = is512 ? createSha512() : createSha256();
      const snapshot = concatBytes([Uint8Array.from(head), tail]);
      if (reasonOf(() => hasher.importState(snapshot)) === undefined) {
        expect(hasher.exportState()).toEqual(snapshot);
      }
    }));
  });
});
