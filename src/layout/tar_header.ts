import { concatBytes, decodeUtf8, encodeUtf8 } from "../core/mod.ts";

/** Headers and contents fill blocks of this size. */
export const TAR_BLOCK_BYTES = 512;

/** Longest long name or set of pax records: they are of paths, which have at most 4096 bytes. */
export const MAX_EXTENSION_BYTES: number = 64 * 1024;

/** What an entry is. Devices, pipes and sparse files are `other`: images have none. */
export type TarType =
  | "file"
  | "directory"
  | "symlink"
  | "hardlink"
  | "pax"
  | "global"
  | "longName"
  | "longLink"
  | "other";

/** One header block. */
export interface TarHeader {
  readonly name: string;
  readonly type: TarType;
  /** Bytes that follow, without the padding. None follow links, directories and devices. */
  readonly size: number;
  /** Where a link leads. */
  readonly linkName: string;
}

/** Fields that a header of type `pax` gives to the next entry. */
export interface PaxFields {
  readonly path?: string;
  readonly linkpath?: string;
  readonly size?: number;
}

const TYPES: Readonly<Record<string, TarType>> = {
  ...{ "0": "file", "\0": "file", "7": "file", "5": "directory", "2": "symlink", "1": "hardlink" },
  ...{ x: "pax", g: "global", L: "longName", K: "longLink" },
};
const LONGEST_NAME = 100;
const LARGEST_OCTAL_SIZE = 0o77777777777; // 8 GiB - 1
const CHECKSUM = { at: 148, length: 8 } as const;

/**
 * Read a header block: POSIX ustar and pax, GNU, and v7.
 *
 * @returns Undefined for the empty block that ends an archive.
 * @throws {SyntaxError} When it is no header: the checksum is wrong, a field breaks its rule.
 * @see {@link https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html | POSIX, pax, ustar Interchange Format}
 */
export function parseTarHeader(block: Uint8Array): TarHeader | undefined {
  if (block.length !== TAR_BLOCK_BYTES) throw new TypeError("A header has 512 bytes");
  if (block.every((byte) => byte === 0)) return undefined;
  if (readNumber(block, CHECKSUM.at, CHECKSUM.length) !== checksumOf(block)) {
    throw new SyntaxError("a header's checksum is wrong");
  }
  const magic = String.fromCharCode(...block.subarray(257, 263));
  const prefix = magic === "ustar\0" ? readText(block, 345, 155) : "";
  const name = readText(block, 0, LONGEST_NAME);
  const flag = String.fromCharCode(block[156] as number);
  const type = Object.hasOwn(TYPES, flag) ? TYPES[flag] as TarType : "other";
  const isAlone = /[1-6]/.test(flag) || (type === "file" && name.endsWith("/"));
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    type: type === "file" && name.endsWith("/") ? "directory" : type, // v7 has no flag for it
    size: isAlone ? 0 : readNumber(block, 124, 12),
    linkName: readText(block, 157, LONGEST_NAME),
  };
}

/**
 * Write the header of a file or directory; {@linkcode parseTarHeader} undoes it. What ustar has no
 * room for, a long name or a size of 8 GiB and more, goes into a pax header before it. Owner, time
 * and rights are always the same, so that the same images make the same archive.
 */
export function formatTarHeader(name: string, size: number): Uint8Array<ArrayBuffer> {
  const type = name.endsWith("/") ? "5" : "0";
  const isLong = encodeUtf8(name).length > LONGEST_NAME;
  const isLarge = size > LARGEST_OCTAL_SIZE;
  if (!isLong && !isLarge) return ustarHeader(name, size, type);
  const pax = formatPax({ ...(isLong && { path: name }), ...(isLarge && { size }) });
  return concatBytes([
    ustarHeader("pax", pax.length, "x"),
    pax,
    new Uint8Array(paddingOf(pax.length)),
    ustarHeader(isLong ? "long" : name, isLarge ? 0 : size, type),
  ]);
}

/** Bytes from the end of contents to the next block. */
export function paddingOf(size: number): number {
  return (TAR_BLOCK_BYTES - size % TAR_BLOCK_BYTES) % TAR_BLOCK_BYTES;
}

/**
 * Read the records of a pax header: `LENGTH KEY=VALUE\n`, the length that of the whole record.
 * @throws {SyntaxError} When a record breaks its form, or all are over 64 KiB.
 */
export function parsePax(bytes: Uint8Array): PaxFields {
  if (bytes.length > MAX_EXTENSION_BYTES) throw new SyntaxError("a pax header is too long");
  const fields: { path?: string; linkpath?: string; size?: number } = {};
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const digits = textOf(bytes.subarray(at, Math.max(space, at)));
    const end = at + Number(digits);
    if (!/^[1-9][0-9]{0,8}$/.test(digits) || end > bytes.length || bytes[end - 1] !== 0x0a) {
      throw new SyntaxError("a pax record has no length");
    }
    const record = textOf(bytes.subarray(space + 1, end - 1));
    const equals = record.indexOf("=");
    const [key, value] = [record.slice(0, equals), record.slice(equals + 1)];
    if (equals < 1) throw new SyntaxError("a pax record has no key");
    if (key === "path" || key === "linkpath") fields[key] = value;
    if (key === "size") fields.size = wholeNumber(value, /^[0-9]{1,16}$/, 10);
    if (key.startsWith("GNU.sparse.")) throw new SyntaxError("sparse files are not read");
    at = end;
  }
  return fields;
}

/** Write pax records; {@linkcode parsePax} undoes it. */
export function formatPax(fields: PaxFields): Uint8Array<ArrayBuffer> {
  const records = Object.entries(fields).map(([key, value]) => {
    const rest = encodeUtf8(` ${key}=${value}\n`);
    let length = rest.length + 1;
    while (String(length).length + rest.length > length) length++;
    return concatBytes([encodeUtf8(String(length)), rest]);
  });
  return concatBytes(records);
}

function ustarHeader(name: string, size: number, type: string): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(TAR_BLOCK_BYTES);
  const write = (text: string, at: number): void => block.set(encodeUtf8(text), at);
  const octal = (value: number, digits: number): string =>
    `${value.toString(8).padStart(digits, "0")}\0`;
  write(name, 0);
  write(type === "5" ? octal(0o755, 7) : octal(0o644, 7), 100);
  write(octal(0, 7) + octal(0, 7), 108);
  write(octal(size, 11) + octal(0, 11), 124);
  write(type, 156);
  write("ustar\x0000", 257);
  write(octal(0, 7) + octal(0, 7), 329);
  write(`${octal(checksumOf(block), 6)} `, CHECKSUM.at);
  return block;
}

/** The sum of all bytes, those of the checksum itself counted as spaces. */
function checksumOf(block: Uint8Array): number {
  const { at, length } = CHECKSUM;
  return block.reduce((sum, byte, i) => sum + (i >= at && i < at + length ? 0x20 : byte), 0);
}

/** Octal digits between blanks, or as GNU writes what is too large for them: binary, the first bit set. */
function readNumber(block: Uint8Array, at: number, length: number): number {
  const field = block.subarray(at, at + length);
  if ((field[0] as number) & 0x80) return readBinary(field);
  const text = String.fromCharCode(...field).replace(/\0.*$/s, "").trim();
  return text === "" ? 0 : wholeNumber(text, /^[0-7]+$/, 8);
}

function readBinary(field: Uint8Array): number {
  const value = field.subarray(1).reduce(
    (sum, byte) => sum * 256 + byte,
    (field[0] as number) & 0x7f,
  );
  if (Number.isSafeInteger(value)) return value;
  throw new SyntaxError("a number is negative or too large");
}

function wholeNumber(text: string, form: RegExp, base: number): number {
  const value = form.test(text) ? parseInt(text, base) : NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new SyntaxError("a number breaks its form");
}

function readText(block: Uint8Array, at: number, length: number): string {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return textOf(end === -1 ? field : field.subarray(0, end));
}

function textOf(bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes);
  } catch (cause) {
    throw new SyntaxError("a name is not UTF-8", { cause });
  }
}
