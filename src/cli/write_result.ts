import type { CommandContext } from "./command.ts";
import { UsageError } from "./usage_error.ts";

/** Takes bytes, and decides at the end whether they were right. */
export interface ResultSink {
  write(chunk: Uint8Array): Promise<void>;
  close(): Promise<void>;
  abort(): Promise<void>;
}

/**
 * Where the bytes of a result go: the file of `--output`, which appears when all was right, or
 * standard output.
 *
 * @param isBinary Whether a terminal would suffer from it.
 * @throws {UsageError} For binary bytes on a terminal.
 */
export async function openResult(context: CommandContext, isBinary: boolean): Promise<ResultSink> {
  const { host, options, output } = context;
  const path = options.text("output");
  if (path !== undefined && path !== "-") return await host.files.write(path);
  if (isBinary && host.stdout.isTerminal && path === undefined) {
    throw new UsageError("The bytes may be no text: name a file with --output, or use --output -");
  }
  return {
    write: (chunk) => output.bytes(chunk),
    close: () => Promise.resolve(),
    abort: () => Promise.resolve(),
  };
}
