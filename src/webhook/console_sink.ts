import type { EventSink } from "./event.ts";

/** Options of {@linkcode consoleEventSink}. */
export interface ConsoleEventSinkOptions {
  /** Takes one line of JSON. Default is the runtime's console. */
  readonly write?: (line: string) => void;
}

/** Writes each event as one line of JSON. */
export function consoleEventSink(options: ConsoleEventSinkOptions = {}): EventSink {
  const { write = writeToConsole } = options;
  return (event) => write(JSON.stringify(event));
}

function writeToConsole(line: string): void {
  // deno-lint-ignore no-console -- the one place here that means the console
  console.info(line);
}
