/**
 * Leave a test file out of the search for secrets at its end.
 *
 * @param reason What is told there that holds one.
 */
export function unwatched(reason: string): void {
  const { __tidegateWatch } = globalThis as { __tidegateWatch?: { exempt?: string } };
  if (__tidegateWatch !== undefined) __tidegateWatch.exempt = reason;
}
