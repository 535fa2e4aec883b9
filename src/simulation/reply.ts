import { encodeUtf8 } from "../core/mod.ts";
import { bytesContent } from "./content.ts";
import type { Content } from "./content.ts";
import type { RequestBody } from "./request_body.ts";

/** Header lines in the order sent; a name may come twice. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** A request as a simulated host sees it. */
export interface SimulatedRequest {
  readonly method: string;
  /** Absolute URL. */
  readonly url: string;
  /** The path and query as they stood on the request line, before any parser touched them. */
  readonly target: string;
  readonly headers: Headers;
  /** As it arrives; read it once. */
  readonly body: RequestBody;
}

/** How the end of a body is told: by `Content-Length`, by a last chunk, or by closing the connection. */
export type Framing = "length" | "chunked" | "until-close";

/** How a transfer ends too early. Positions count bytes of the body. */
export interface EarlyEnd {
  readonly at: number;
  /** `close`: FIN; `reset`: RST; `stall`: nothing more, the connection stays open. */
  readonly by: "close" | "reset" | "stall";
  /** With `stall`: milliseconds until it goes on. Absent: never. */
  readonly resumeAfterMs?: number;
  /** The body ends here, but `Content-Length` promised more. */
  readonly isShort?: boolean;
}

/** A slow body: so many bytes, then a wait, and so on. */
export interface Pace {
  readonly bytes: number;
  readonly everyMs: number;
}

/** What a simulated host answers, as data: faults transform it before it is sent. */
export interface Reply {
  readonly status: number;
  readonly headers: HeaderList;
  /** Absent for no body. */
  readonly body?: Content;
  /** Default is `length`. */
  readonly framing?: Framing;
  readonly early?: EarlyEnd;
  /** Break the connection before the status line, or never answer. */
  readonly drop?: "close" | "reset" | "stall";
  /** Absent: as fast as it is read. */
  readonly pace?: Pace;
  /** Milliseconds before the status line. */
  readonly delayMs?: number;
}

/** A reply whose body is text. */
export function textReply(
  status: number,
  text: string,
  headers: HeaderList = [["content-type", "text/plain; charset=utf-8"]],
): Reply {
  return { status, headers, body: bytesContent(encodeUtf8(text)) };
}

/** A reply whose body is JSON. */
export function jsonReply(
  status: number,
  value: unknown,
  headers: HeaderList = [],
): Reply {
  return textReply(status, JSON.stringify(value), [
    ["content-type", "application/json; charset=utf-8"],
    ...headers,
  ]);
}

/** The first value of a header. */
export function headerOf(reply: Pick<Reply, "headers">, name: string): string | undefined {
  return reply.headers.find(([key]) => key.toLowerCase() === name)?.[1];
}

/** The reply with some headers replaced; an undefined value removes one. */
export function withHeaders(
  reply: Reply,
  changes: Readonly<Record<string, string | undefined>>,
): Reply {
  const names = new Set(Object.keys(changes).map((name) => name.toLowerCase()));
  const kept = reply.headers.filter(([name]) => !names.has(name.toLowerCase()));
  const added = Object.entries(changes).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const]
  );
  return { ...reply, headers: [...kept, ...added] };
}
