import { abortable, type Clock, createDeadline, isTidegateError } from "../core/mod.ts";

/**
 * Do something, but no longer than a deadline, even if it never looks at its signal.
 *
 * @param what Who is waited for, for the error.
 * @throws {TidegateError} NETWORK_TIMEOUT, or what the work throws.
 */
export async function withinDeadline<T>(
  work: (signal: AbortSignal) => T | Promise<T>,
  milliseconds: number,
  { clock, what }: { readonly clock: Clock; readonly what: string },
): Promise<T> {
  const details = { origin: what, phase: "total", milliseconds } as const;
  const { signal, dispose } = createDeadline(clock, details, undefined, `The ${what}`);
  try {
    return await abortable(Promise.resolve(work(signal)), signal);
  } finally {
    dispose();
  }
}

/** What a log may say of a failure: its code, else its name; never its text. */
export function failureName(error: unknown): string {
  if (isTidegateError(error)) return error.code;
  return error instanceof Error ? error.name : "unknown";
}
