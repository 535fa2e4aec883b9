/**
 * Do something with every item, at most `limit` at a time, in order of their start.
 *
 * At the first failure the rest is aborted, and waited for, so that nothing is left running when
 * this rejects.
 *
 * @param work Gets a signal that fires when another item failed or the outer one fired.
 * @throws The first failure, or the outer signal's reason.
 */
export async function inParallel<T>(
  items: readonly T[],
  limit: number,
  outer: AbortSignal | undefined,
  work: (item: T, index: number, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  outer?.throwIfAborted();
  const stop = new AbortController();
  const signal = outer ? AbortSignal.any([outer, stop.signal]) : stop.signal;
  let failure: { readonly error: unknown } | undefined;
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length && !signal.aborted) {
      const index = next++;
      try {
        await work(items[index] as T, index, signal);
      } catch (error) {
        failure ??= { error };
        stop.abort(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  if (failure !== undefined) throw outer?.aborted ? outer.reason : failure.error;
  outer?.throwIfAborted();
}
