import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readResponseHead } from "../../../src/cli/response_head_node.ts";
import { expectFast } from "../../support/parser_checks.ts";

const read = (text: string): ReturnType<typeof readResponseHead> =>
  readResponseHead(Buffer.from(text, "latin1"));

const PLAIN = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: "a"\r\n\r\n';

describe("readResponseHead()", () => {
  it("reads status, fields and length, and says where the body begins", () => {
    const head = read(`${PLAIN}hello`);
    expect(head).toMatchObject({ status: 200, length: 5, end: PLAIN.length });
    expect(head === "odd" ? {} : Object.fromEntries(head?.headers ?? [])).toEqual({
      "content-length": "5",
      etag: '"a"',
    });
  });

  it("takes a line without a reason, fields without a space, and text of latin1", () => {
    expect(read("HTTP/1.1 206\r\ncontent-length:0\r\nx: \xe9\t \r\n\r\n"))
      .toMatchObject({ status: 206, length: 0 });
  });

  it.each([100, 103])("skips an interim answer %i before the final one", (status) => {
    const interim = `HTTP/1.1 ${status} Interim\r\nLink: </x>\r\n\r\n`;
    expect(read(interim)).toBeUndefined();
    expect(read(`${interim}${interim}${PLAIN}`))
      .toMatchObject({ status: 200, end: 2 * interim.length + PLAIN.length });
  });

  it.each([
    ["HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n"],
    ["another protocol", "ICY 200 OK\r\nContent-Length: 5\r\n\r\n"],
    ["a status that is none", "HTTP/1.1 600 No\r\nContent-Length: 5\r\n\r\n"],
    ["a status of four digits", "HTTP/1.1 2000 No\r\nContent-Length: 5\r\n\r\n"],
    ["an upgrade", "HTTP/1.1 101 Switching\r\nContent-Length: 5\r\n\r\n"],
    ["no length", "HTTP/1.1 200 OK\r\n\r\n"],
    ["chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"],
    [
      "chunks and a length",
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nContent-Length: 5\r\n\r\n",
    ],
    ["an encoding", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\n"],
    ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"],
    ["two lengths that agree", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n"],
    ["a list of lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n"],
    ["a signed length", "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n"],
    ["a hexadecimal length", "HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\n"],
    ["an endless length", "HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999\r\n\r\n"],
    ["a folded field", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 5\r\n\r\n"],
    ["a space before the colon", "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\n"],
    ["a field without a name", "HTTP/1.1 200 OK\r\n: 5\r\nContent-Length: 5\r\n\r\n"],
    ["a lone line feed", "HTTP/1.1 200 OK\r\nX: a\nContent-Length: 5\r\n\r\n"],
    ["a lone carriage return", "HTTP/1.1 200 OK\r\nX: a\rContent-Length: 5\r\n\r\n"],
    ["a NUL", "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 5\r\n\r\n"],
  ])("leaves %s to others", (_, text) => {
    expect(read(text)).toBe("odd");
  });

  it("waits for the end of a head, but not for ever", () => {
    for (let length = 0; length < PLAIN.length; length++) {
      expect(read(PLAIN.slice(0, length)), `${length}`).toBeUndefined();
    }
    const long = `HTTP/1.1 200 OK\r\nX: ${"a".repeat(16 * 1024)}`;
    expect(read(long)).toBe("odd");
    expect(read(`${long}\r\nContent-Length: 5\r\n\r\n`)).toBe("odd");
    expect(read("HTTP/1.1 100 Continue\r\n\r\n".repeat(1000))).toBe("odd");
  });

  it("gives back what was written", () => {
    const name = fc.stringMatching(/^x-[!#$%&'*+.^_`|~\dA-Za-z-]{1,10}$/);
    const value = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/);
    const fields = fc.uniqueArray(fc.tuple(name, value), {
      selector: ([name]) => name.toLowerCase(),
    });
    fc.assert(fc.property(fields, fc.nat(1e9), fc.integer({ min: 200, max: 599 }), (...all) => {
      const [fields, length, status] = all;
      const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
      const text = `HTTP/1.1 ${status} Any\r\n${lines}Content-Length: ${length}\r\n\r\n`;
      const head = read(`${text}body`);
      expect(head).toMatchObject({ status, length, end: text.length });
      if (head === "odd" || head === undefined) return;
      for (const [name, value] of fields) expect(head.headers.get(name)).toBe(value);
    }));
  });

  it("never throws", () => {
    const piece = fc.oneof(
      fc.constantFrom("HTTP/1.1 200 OK", "\r\n", "\r\n\r\n", ":", "Content-Length: 1", " ", "\0"),
      fc.string(),
    );
    fc.assert(fc.property(fc.array(piece), (pieces) => void read(pieces.join(""))));
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void readResponseHead(Buffer.from(bytes))));
  });

  it("is fast with 1 MiB", () => {
    for (const text of ["\r\n", "a: b\r\n", "\r", "HTTP/1.1 100 \r\n\r\n", " "]) {
      const bytes = Buffer.from(text.repeat(1024 * 1024 / text.length), "latin1");
      expectFast(() => readResponseHead(bytes));
    }
  });
});
