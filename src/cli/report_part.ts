import type { CommandContext } from "./command.ts";
import { describeError, reportError } from "./report_error.ts";

/**
 * Tell what went wrong with one of several things that a command does; it goes on with the others.
 *
 * @param what What was not done, as a line of its own before the error.
 * @returns The exit code that the error has.
 * @throws The error itself once the user wants to stop.
 */
export async function reportPart(
  { name, output, signal }: CommandContext,
  what: string,
  error: unknown,
): Promise<number> {
  if (signal.aborted) throw error;
  output.warn(what);
  const report = describeError(error, name, signal);
  await reportError(report, output);
  return report.exitCode;
}
