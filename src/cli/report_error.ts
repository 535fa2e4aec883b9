import { isTidegateError } from "../core/mod.ts";
import { redactText } from "../observability/mod.ts";
import { errorHint, systemErrorOf } from "./error_hint.ts";
import { EXIT, exitCodeOf } from "./exit_code.ts";
import type { Output } from "./output.ts";
import { UsageError } from "./usage_error.ts";

/** An error as the command tells it. */
export interface ErrorReport {
  readonly type: "error";
  /** An error code of the library, the system's, `USAGE`, `INTERRUPTED` or `UNKNOWN`. */
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly exitCode: number;
}

/** Make an error into what is shown of it. No secret gets through. */
export function describeError(
  error: unknown,
  command: string,
  signal: AbortSignal | undefined,
): ErrorReport {
  const exitCode = exitCodeOf(error, signal);
  const report = (code: string, message: string, hint?: string): ErrorReport => ({
    type: "error",
    code,
    message: redactText(message),
    ...(hint !== undefined && { hint }),
    exitCode,
  });
  if (exitCode === EXIT.interrupted) {
    return report("INTERRUPTED", "Interrupted", "Run the same command again to continue");
  }
  if (error instanceof UsageError) {
    return report(
      "USAGE",
      error.message,
      `See 'tidegate ${command === "" ? "" : `${command} `}--help'`,
    );
  }
  const system = systemErrorOf(error);
  if (isTidegateError(error)) {
    const because = system === undefined ? "" : ` (${system.code})`;
    return report(error.code, error.message + because, errorHint(error));
  }
  const message = error instanceof Error ? error.message : String(error);
  return report(system?.code ?? "UNKNOWN", message, errorHint(error));
}

/** Tell an error: as a line of JSON where results are JSON, always as a line for people. Never throws. */
export async function reportError(report: ErrorReport, output: Output): Promise<void> {
  if (output.mode.json) await output.json(report).catch(() => {}); // it may be what failed
  output.warn(`Error: ${report.message}`);
  if (report.hint !== undefined) output.warn(`Next: ${report.hint}`);
}
