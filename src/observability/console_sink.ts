import type { TidegateEvent } from "./event.ts";
import type { Observer } from "./observe.ts";

/** How much {@linkcode consoleSink} writes: `info` leaves out what every healthy request does. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Options of {@linkcode consoleSink}. */
export interface ConsoleSinkOptions {
  /** Least important level written. Default is `info`. */
  readonly level?: LogLevel;
  /** Takes one line of JSON. Default is the runtime's console. */
  readonly write?: (level: LogLevel, line: string) => void;
}

const LEVELS: Readonly<Partial<Record<TidegateEvent["type"], LogLevel>>> = {
  "operation.started": "debug",
  "operation.ended": "debug",
  "request.sent": "debug",
  "request.answered": "debug",
  "request.redirected": "debug",
  "request.queued": "debug",
  "request.authorized": "debug",
  "page.read": "debug",
  "cache.hit": "debug",
  "exchange.sent": "debug",
  "exchange.answered": "debug",
  "exchange.failed": "debug",
  "exchange.ended": "debug",
  "token.reused": "debug",
  "rate_limit.seen": "debug",
  "blob.verified": "debug",
  "manifest.verified": "debug",
  "request.failed": "warn",
  "token.rejected": "warn",
  "token.unreadable": "warn",
  "credential.rejected": "warn",
  "origin.refused": "warn",
  "circuit.opened": "warn",
  "blob.rejected": "warn",
  "manifest.rejected": "warn",
  "digest.header_wrong": "warn",
  "warning.received": "warn",
  "rate_limit.low": "warn",
  "kv.failed": "warn",
  "configuration.rejected": "warn",
  "answer.failed": "warn",
  "webhook.refused": "warn",
  "webhook.failed": "warn",
};

const ORDER: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** How important an event is. */
export function levelOf({ type }: TidegateEvent): LogLevel {
  return LEVELS[type] ?? "info";
}

/** An observer that writes each event as one line of JSON. */
export function consoleSink(options: ConsoleSinkOptions = {}): Observer {
  const { level = "info", write = writeToConsole } = options;
  const least = ORDER.indexOf(level);
  return (event) => {
    const eventLevel = levelOf(event);
    if (ORDER.indexOf(eventLevel) >= least) write(eventLevel, JSON.stringify(event));
  };
}

function writeToConsole(level: LogLevel, line: string): void {
  // deno-lint-ignore no-console -- the one place that means the console
  console[level](line);
}
