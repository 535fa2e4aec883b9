import type { TextSink } from "./host.ts";
import { plainJson, plainText } from "./plain_text.ts";

/** How much is said. */
export interface OutputMode {
  /** Results as JSON. */
  readonly json: boolean;
  /** Nothing but results and errors. */
  readonly quiet: boolean;
}

/** Whoever reads the result has stopped reading: `tidegate tags app | head`. */
export class ClosedOutputError extends Error {
  override readonly name = "ClosedOutputError";
}

/** What a write to a pipe fails with that nobody reads, the first one and those behind it. */
const CLOSED: ReadonlySet<unknown> = new Set(["EPIPE", "ERR_STREAM_DESTROYED"]);

/** Something on the terminal that must make room for lines. */
export interface Overlay {
  /** Take it from the screen. */
  erase(): string;
  /** Put it back. */
  draw(): string;
}

/**
 * What a command says, and where: results on standard output, all else on standard error. Control
 * characters of texts that come from outside are shown, not sent.
 */
export interface Output {
  readonly mode: OutputMode;
  /** Whether progress can be drawn. */
  readonly isTerminal: boolean;
  columns(): number;
  /**
   * A line of the result. This and the other results throw what the write fails with.
   * @throws {ClosedOutputError} When nobody reads them.
   */
  line(text: string): Promise<void>;
  /** Bytes of the result, as they are. */
  bytes(chunk: Uint8Array): Promise<void>;
  /** A value as JSON: in one line, or `pretty`. */
  json(value: unknown, pretty?: boolean): Promise<void>;
  /** A line for people. Nothing when quiet. */
  note(text: string): void;
  /** A line for people that is said even when quiet. */
  warn(text: string): void;
  /** Draw on the terminal without an end of line. */
  draw(text: string): void;
  /** Lines make room for it, until it is taken away with `undefined`. */
  overlay(overlay: Overlay | undefined): void;
  /** Resolves when everything is written. */
  flush(): Promise<void>;
}

/** Write to two sinks, in order. */
export function createOutput(stdout: TextSink, stderr: TextSink, mode: OutputMode): Output {
  let above: Overlay | undefined;
  let written: Promise<void> = Promise.resolve();
  const say = (text: string): void => {
    written = written.then(() => stderr.write(text)).catch(() => {});
  };
  const line = (text: string): void =>
    say(`${above?.erase() ?? ""}${plainText(text)}\n${above?.draw() ?? ""}`);
  const result = async (chunk: string | Uint8Array): Promise<void> => {
    if (above !== undefined && stdout.isTerminal) say(above.erase());
    await stdout.write(chunk).catch((cause) => {
      if (!CLOSED.has(cause?.code)) throw cause;
      throw new ClosedOutputError("Nobody reads standard output any more", { cause });
    });
    if (above !== undefined && stdout.isTerminal) say(above.draw());
  };
  return {
    mode,
    isTerminal: stderr.isTerminal,
    columns: () => stderr.columns(),
    line: (text) => result(`${plainText(text)}\n`),
    bytes: (chunk) => result(chunk),
    json: (value, pretty = false) => result(`${plainJson(value, pretty ? 2 : undefined)}\n`),
    note: (text) => mode.quiet ? undefined : line(text),
    warn: line,
    draw: say,
    overlay: (overlay) => void (above = overlay),
    flush: () => written,
  };
}
