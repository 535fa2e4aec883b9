import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** What came over a connection, to its end. */
export interface RawAnswer {
  /** The bytes as they came. */
  readonly bytes: Uint8Array;
  /** How it ended: the server closed or reset it, or nothing more came in time. */
  readonly end: "closed" | "reset" | "silent";
  /** Milliseconds from the connection's start to its end. */
  readonly tookMs: number;
}

/** An answer, as a client has to read it (RFC 9112, 6.3). */
export interface ParsedAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** Whether a client may take the body for whole. */
  readonly isComplete: boolean;
}

/**
 * Send bytes, and read until the connection ends or nothing has come for `silentMs`.
 *
 * @param ca Speak TLS with who has this certificate, for the name `door.test`.
 */
export function exchangeRaw(
  port: number,
  request: string | Uint8Array,
  { silentMs = 5_000, ca }: { readonly silentMs?: number; readonly ca?: string } = {},
): Promise<RawAnswer> {
  const startedAt = Date.now();
  const parts: Uint8Array[] = [];
  return new Promise((resolve) => {
    const socket = ca === undefined
      ? connect(port, "127.0.0.1")
      : connectTls({ host: "127.0.0.1", port, ca, servername: "door.test" });
    let end: RawAnswer["end"] = "closed";
    const done = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ bytes: Buffer.concat(parts), end, tookMs: Date.now() - startedAt });
    };
    const giveUp = (): void => {
      end = "silent";
      done();
    };
    let timer = setTimeout(giveUp, silentMs);
    socket.on("data", (part: Uint8Array) => {
      clearTimeout(timer);
      timer = setTimeout(giveUp, silentMs);
      parts.push(part);
    });
    socket.on("error", () => end = "reset");
    socket.on("close", done);
    socket.write(request);
  });
}

/** A connection that is left open, for callers that misbehave. */
export function openRaw(port: number, request: string | Uint8Array): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => resolve(socket));
    socket.on("error", reject);
    socket.write(request);
  });
}

/** Read the first answer of a connection. */
export function parseAnswer({ bytes, end }: RawAnswer): ParsedAnswer {
  const text = Buffer.from(bytes).toString("latin1");
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd < 0) {
    return { status: 0, headers: new Headers(), body: new Uint8Array(0), isComplete: false };
  }
  const [statusLine = "", ...lines] = text.slice(0, headEnd).split("\r\n");
  const headers = new Headers(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  );
  const rest = bytes.subarray(headEnd + 4);
  return { status: Number(statusLine.split(" ")[1]), headers, ...bodyOf(headers, rest, end) };
}

function bodyOf(
  headers: Headers,
  rest: Uint8Array,
  end: RawAnswer["end"],
): Pick<ParsedAnswer, "body" | "isComplete"> {
  const length = headers.get("content-length");
  if (headers.get("transfer-encoding") === "chunked") return dechunk(rest);
  if (length === null) return { body: rest, isComplete: end === "closed" };
  return {
    body: rest.subarray(0, Number(length)),
    isComplete: rest.length >= Number(length),
  };
}

function dechunk(rest: Uint8Array): Pick<ParsedAnswer, "body" | "isComplete"> {
  const parts: Uint8Array[] = [];
  for (let at = 0;;) {
    const lineEnd = Buffer.from(rest.buffer, rest.byteOffset, rest.length).indexOf("\r\n", at);
    if (lineEnd < 0) break;
    const size = parseInt(Buffer.from(rest.subarray(at, lineEnd)).toString("latin1"), 16);
    if (size === 0) return { body: Buffer.concat(parts), isComplete: rest.length >= lineEnd + 4 };
    parts.push(rest.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
  return { body: Buffer.concat(parts), isComplete: false };
}
