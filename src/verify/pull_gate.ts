import type { ByteSink } from "./byte_reader.ts";

/** What feeds a {@linkcode createPullGate}. */
export interface PullGateOptions {
  /** Whether the chunk just read must be copied, because its buffer is used again. */
  copies(): boolean;
  /** Exact length, when known. */
  readonly length: number | undefined;
  /** Called at once with the sink to write to. Its first write waits in the stream to be read. */
  start(sink: ByteSink): void;
  /** Called when the consumer cancels. The sink's pending write rejects with the reason. */
  cancel(reason: unknown): Promise<void>;
}

/**
 * A stream on one side and a sink on the other, without a queue: a write resolves when the consumer
 * asks for more.
 */
export function createPullGate(options: PullGateOptions): ReadableStream<Uint8Array> {
  let over = false;
  let pulled: (() => void) | undefined;
  let demand: PromiseWithResolvers<void> | undefined;

  const sinkOf = (controller: ReadableStreamDefaultController<Uint8Array>): ByteSink => ({
    write(chunk): Promise<void> {
      if (over) return Promise.reject(new TypeError("The stream was cancelled"));
      demand = Promise.withResolvers();
      controller.enqueue(options.copies() ? chunk.slice() : chunk);
      pulled?.();
      return demand.promise;
    },
    async close(): Promise<void> {
      if (!over) controller.close();
      pulled?.();
    },
    async abort(reason): Promise<void> {
      controller.error(reason);
      pulled?.();
    },
  });
  const source: UnderlyingDefaultSource<Uint8Array> & { readonly expectedLength?: number } = {
    // workerd's extension: a response made of the stream gets its Content-Length. Others ignore it.
    ...options.length === undefined ? {} : { expectedLength: options.length },
    start(controller): void { // returns nothing: a promise here would hold every pull back
      options.start(sinkOf(controller));
    },
    pull(): Promise<void> {
      const waiting = demand;
      return new Promise((resolve) => {
        pulled = resolve;
        waiting?.resolve();
      });
    },
    cancel(reason): Promise<void> {
      over = true;
      demand?.reject(reason);
      return options.cancel(reason);
    },
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}
