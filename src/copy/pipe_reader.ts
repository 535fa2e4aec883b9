import type { ByteReader, ByteSink } from "../verify/mod.ts";

/**
 * Read what is written into a sink, chunk by chunk and without a copy: a write ends when the reader
 * comes for the next one.
 *
 * @param pipe Writes into the sink, which borrows its chunks; called at the first read.
 */
export function pipeReader(pipe: (sink: ByteSink) => Promise<void>): ByteReader {
  let offered = Promise.withResolvers<Uint8Array | undefined>();
  let taken: PromiseWithResolvers<void> | undefined;
  let hasBegun = false;
  let given: { readonly reason: unknown } | undefined;
  const fail = (error: unknown): void => {
    offered.promise.catch(() => {}); // nobody may come for it
    offered.reject(error);
  };
  const sink: ByteSink = {
    borrows: true,
    write(chunk): Promise<void> {
      if (given !== undefined) return Promise.reject(given.reason);
      taken = Promise.withResolvers();
      offered.resolve(chunk);
      return taken.promise;
    },
    close: () => Promise.resolve(offered.resolve(undefined)),
    abort: (reason) => Promise.resolve(fail(reason)),
  };
  return {
    async read(): Promise<Uint8Array | undefined> {
      if (!hasBegun) {
        hasBegun = true;
        pipe(sink).catch(fail);
      } else if (taken !== undefined) {
        offered = Promise.withResolvers();
        const last = taken;
        taken = undefined;
        last.resolve();
      }
      return await offered.promise;
    },
    cancel(reason = new DOMException("Nothing more is read", "AbortError")): Promise<void> {
      given ??= { reason };
      taken?.promise.catch(() => {});
      taken?.reject(reason);
      return Promise.resolve();
    },
  };
}
