import { encodeUtf8 } from "../core/mod.ts";
import { bytesContent } from "./content.ts";
import { errorReply } from "./error_body.ts";
import type { SpecCode } from "./error_body.ts";
import type { HeaderList, Reply } from "./reply.ts";

/** An answer as tests write it. */
export interface AnswerInit {
  /** 200 to 599. */
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>> | HeaderList;
  /** Text or bytes. Absent: an error status gets a body as the spec writes it, others none. */
  readonly body?: string | Uint8Array;
  /** `Retry-After`: seconds, or a date that many seconds from now. */
  readonly retryAfter?: number | { readonly dateInSeconds: number };
}

const ERROR_CODES: Readonly<Record<number, SpecCode>> = {
  401: "UNAUTHORIZED",
  403: "DENIED",
  404: "MANIFEST_UNKNOWN",
  405: "UNSUPPORTED",
  429: "TOOMANYREQUESTS",
};

/**
 * The reply for an {@linkcode AnswerInit}.
 *
 * @param now Milliseconds since the epoch, for a `Retry-After` date.
 */
export function answerReply(init: AnswerInit, now: number): Reply {
  const headers = [...headerList(init.headers), ...retryAfterHeader(init.retryAfter, now)];
  const { status, body } = init;
  if (body !== undefined) {
    const bytes = typeof body === "string" ? encodeUtf8(body) : body;
    return { status, headers, body: bytesContent(bytes) };
  }
  const code = ERROR_CODES[status];
  if (code !== undefined) return errorReply(code, "By a fault program", { status, headers });
  return { status, headers };
}

function headerList(headers: AnswerInit["headers"] = []): HeaderList {
  return Array.isArray(headers) ? headers as HeaderList : Object.entries(headers);
}

function retryAfterHeader(retryAfter: AnswerInit["retryAfter"], now: number): HeaderList {
  if (retryAfter === undefined) return [];
  const value = typeof retryAfter === "number"
    ? String(retryAfter)
    : new Date(now + retryAfter.dateInSeconds * 1000).toUTCString();
  return [["retry-after", value]];
}
