import { type Clock, systemClock } from "../core/mod.ts";
import { levelOf, type LogLevel } from "./console_sink.ts";
import type { Observer } from "./observe.ts";
import { redact, redactText } from "./redact.ts";

/** Facts beside a message. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes lines. Nothing it is given shows a secret. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger whose every line has these fields, too. */
  with(fields: LogFields): Logger;
}

/** Options of {@linkcode createLogger}. */
export interface LoggerOptions {
  /** Least important level written. Default is `info`. */
  readonly level?: LogLevel | undefined;
  /** Takes one line of JSON, without its end. */
  readonly write: (line: string, level: LogLevel) => void;
  /** Default is the runtime's clock. */
  readonly clock?: Clock | undefined;
  /** Cannot be switched off. */
  readonly redactCredentials?: true | undefined;
}

const ORDER: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/**
 * Make a logger that writes one JSON object a line: `time`, `level`, `message`, then the fields, all
 * of it through {@linkcode redact}. What fails to be written is dropped.
 *
 * @throws {TypeError} For an unknown level, or `redactCredentials: false`.
 */
export function createLogger(options: LoggerOptions): Logger {
  const { level = "info", redactCredentials = true } = options;
  const least = ORDER.indexOf(level);
  if (least < 0) throw new TypeError(`level must be one of ${ORDER.join(", ")}`);
  // a caller without types may try
  if (redactCredentials as unknown !== true) {
    throw new TypeError("redactCredentials cannot be switched off");
  }
  return loggerWith(options, least, {});
}

function loggerWith(options: LoggerOptions, least: number, common: LogFields): Logger {
  const { clock = systemClock, write } = options;
  const at = (level: LogLevel) => (message: string, fields: LogFields = {}): void => {
    if (ORDER.indexOf(level) < least) return;
    const time = new Date(clock.now()).toISOString();
    try {
      const facts = redact({ ...common, ...fields }) as LogFields;
      write(JSON.stringify({ time, level, message: redactText(message), ...facts }), level);
    } catch {
      // a log that cannot be written must not break what is logged
    }
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (fields) => loggerWith(options, least, { ...common, ...fields }),
  };
}

/** An observer that writes events to a logger, each at its level, with its type as the message. */
export function logObserver(logger: Logger): Observer {
  return (event) => {
    const { type, ...fields } = event;
    logger[levelOf(event)](type, fields);
  };
}
