import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeUtf8 } from "../../../src/core/mod.ts";
import {
  formatPax,
  formatTarHeader,
  paddingOf,
  parsePax,
  parseTarHeader,
  type TarHeader,
} from "../../../src/layout/tar_header.ts";
import { handMadeTar } from "../../support/layouts_node.ts";
import { attempt, expectFast, mebibyteOf } from "../../support/parser_checks.ts";

const isSyntaxError = (error: unknown): boolean => error instanceof SyntaxError;
const GIB = 1024 ** 3;

const names = fc.array(fc.stringMatching(/^[a-zA-Z0-9_.é-]{1,120}$/), {
  minLength: 1,
  maxLength: 4,
})
  .map((parts) => parts.join("/"));
const sizes = fc.oneof(
  fc.nat(),
  fc.integer({ min: 8 * GIB - 2, max: 8 * GIB + 2 }),
  fc.maxSafeNat(),
);

/** What a reader makes of a header and the pax records before it. */
function readBack(bytes: Uint8Array): { name: string; size: number; type: string } {
  const first = parseTarHeader(bytes.subarray(0, 512)) as TarHeader;
  if (first.type !== "pax") return first;
  const { path, size } = parsePax(bytes.subarray(512, 512 + first.size));
  const at = 512 + first.size + paddingOf(first.size);
  const { name, size: octal, type } = parseTarHeader(bytes.subarray(at)) as TarHeader;
  return { name: path ?? name, size: size ?? octal, type };
}

describe("formatTarHeader()", () => {
  it("is undone by the parsers, for any name and size", () => {
    fc.assert(fc.property(names, sizes, (name, size) => {
      const bytes = formatTarHeader(name, size);
      expect(bytes.length % 512).toBe(0);
      expect(readBack(bytes)).toMatchObject({ name, size, type: "file" });
    }));
  });

  it("fits ustar where it can: no reader needs more up to 8 GiB - 1", () => {
    expect(formatTarHeader("blobs/sha256/" + "a".repeat(64), 8 * GIB - 1)).toHaveLength(512);
    expect(formatTarHeader("blobs/", 0)).toHaveLength(512);
    expect(formatTarHeader("a", 8 * GIB)).toHaveLength(3 * 512);
    expect(formatTarHeader("blobs/sha512/" + "a".repeat(128), 1)).toHaveLength(3 * 512);
  });
});

describe("parseTarHeader()", () => {
  const header = (entry: Parameters<typeof handMadeTar>[0][number]): Uint8Array =>
    handMadeTar([entry]).subarray(0, 512);

  it.each([
    ["0", "file"],
    ["\0", "file"],
    ["7", "file"],
    ["5", "directory"],
    ["2", "symlink"],
    ["1", "hardlink"],
    ["3", "other"],
    ["4", "other"],
    ["6", "other"],
    ["S", "other"],
    ["x", "pax"],
    ["g", "global"],
    ["L", "longName"],
    ["K", "longLink"],
  ])("reads the flag %j as %s", (type, expected) => {
    expect(parseTarHeader(header({ name: "a", type, linkName: "b" }))).toMatchObject({
      name: "a",
      type: expected,
      linkName: "b",
    });
  });

  it("takes no content for what has none, as other readers do", () => {
    for (const type of ["1", "2", "3", "4", "5", "6"]) {
      expect(parseTarHeader(header({ name: "a", type, size: 512 }))?.size).toBe(0);
    }
    expect(parseTarHeader(header({ name: "a/", size: 512 }))).toMatchObject({
      type: "directory",
      size: 0,
    });
  });

  it("joins the prefix of ustar, and reads sizes as GNU writes them", () => {
    const block = header({ name: "name" }).slice();
    block.set(encodeUtf8("pre/fix"), 345);
    block.set([0x80, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 1], 124);
    block.set(encodeUtf8("        "), 148);
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.set(encodeUtf8(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
    expect(parseTarHeader(block)).toMatchObject({ name: "pre/fix/name", size: 12 * GIB + 1 });
  });

  it("ends at an empty block, and refuses what is no header", () => {
    expect(parseTarHeader(new Uint8Array(512))).toBeUndefined();
    expect(() => parseTarHeader(new Uint8Array(512).fill(1))).toThrow(SyntaxError);
    expect(() => parseTarHeader(new Uint8Array(511))).toThrow(TypeError);
    const changed = header({ name: "a" }).slice();
    changed[0] = 98;
    expect(() => parseTarHeader(changed)).toThrow("checksum");
  });

  it("throws nothing untyped for any block", () => {
    const block = fc.uint8Array({ minLength: 512, maxLength: 512 });
    fc.assert(fc.property(block, fc.nat(511), fc.nat(255), (bytes, at, byte) => {
      attempt(() => parseTarHeader(bytes), isSyntaxError);
      const near = header({ name: "a" }).slice();
      near[at] = byte;
      attempt(() => parseTarHeader(near), isSyntaxError);
    }));
  });
});

describe("parsePax()", () => {
  it("undoes formatPax()", () => {
    const paths = fc.string({ minLength: 1, maxLength: 300, unit: "grapheme" });
    fc.assert(fc.property(paths, fc.maxSafeNat(), (path, size) => {
      expect(parsePax(formatPax({ path, size }))).toEqual({ path, size });
    }));
  });

  it("counts the length of the record's own length", () => {
    for (let length = 1; length < 200; length++) {
      const path = "x".repeat(length);
      expect(parsePax(formatPax({ path }))).toEqual({ path });
    }
  });

  it("ignores what it does not need, and refuses sparse files", () => {
    expect(parsePax(encodeUtf8("19 comment=whatever\n".replace("19", "20")))).toEqual({});
    expect(() => parsePax(encodeUtf8("22 GNU.sparse.major=1\n"))).toThrow("sparse");
  });

  it.each(["x", "5 a=b\n", "8 a=bc\n", "0 a=b\n", "6 ab\n\n", "-6 a=b\n", "99 a=b\n", "6a=b\n"])(
    "refuses %j",
    (text) => {
      expect(() => parsePax(encodeUtf8(text))).toThrow(SyntaxError);
    },
  );

  it("throws nothing untyped, and reads a mebibyte in no time", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      attempt(() => parsePax(bytes), isSyntaxError);
    }));
    for (const pattern of [" ", "1", "6 a=b\n", "6 a=b"]) {
      const bytes = encodeUtf8(mebibyteOf(pattern));
      expectFast(() => parsePax(bytes));
    }
  });
});
