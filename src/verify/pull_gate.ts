import type { ByteSink } from "./byte_reader.ts";

/** What feeds a {@linkcode createPullGate}. */
export interface PullGateOptions {
  /** Whether the chunk just read must be copied, because its buffer is used again. */
  copies(): boolean;
  /** Called at the first pull with the sink to write to. */
  start(sink: ByteSink): void;
  /** Called when the consumer cancels. The sink's pending write rejects with the reason. */
  cancel(reason: unknown): Promise<void>;
}

/**
 * A stream on one side and a sink on the other, without a queue: a write resolves when the consumer
 * asks for more.
 */
export function createPullGate(options: PullGateOptions): ReadableStream<Uint8Array> {
  let started = false;
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
  return new ReadableStream<Uint8Array>({
    pull(controller): Promise<void> {
      const waiting = demand;
      return new Promise((resolve) => {
        pulled = resolve;
        if (!started) options.start(sinkOf(controller));
        started = true;
        waiting?.resolve();
      });
    },
    cancel(reason): Promise<void> {
      over = true;
      demand?.reject(reason);
      return options.cancel(reason);
    },
  }, { highWaterMark: 0 });
}
