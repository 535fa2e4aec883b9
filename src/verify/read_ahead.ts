/** A stream's chunks, read before they are asked for. */
export interface ReadAhead {
  /**
   * The next chunk, never empty; `undefined` at the end. One call at a time.
   *
   * The first call starts to read ahead: until so many bytes are held as the latest call allows.
   * Chunks are not split, so the last of them may go beyond.
   *
   * @param most Bytes to hold.
   * @throws What the stream errored with, once all that had come before it was handed out.
   */
  next(most: number): Promise<Uint8Array | undefined>;
  /** Give up, and drop what is held. */
  cancel(reason: unknown): Promise<void>;
}

/** How the stream ended: by an error, or not. */
interface Ending {
  readonly error?: unknown;
}

/**
 * Read a stream ahead of its consumer. A stream that errors drops what is queued inside of it, and
 * Bun closes a connection that was reset without reading on: what is held here is ours already.
 */
export function createReadAhead(reader: ReadableStreamDefaultReader<Uint8Array>): ReadAhead {
  const held: Uint8Array[] = [];
  let heldBytes = 0;
  let mostBytes = 0;
  let isReading = false;
  let ending: Ending | undefined;
  let wake: (() => void) | undefined;

  const settle = (end?: Ending): void => {
    isReading = false;
    ending ??= end;
    if (held.length > 0 || ending !== undefined) wake?.();
    readOn();
  };
  const readOn = (): void => {
    if (isReading || ending !== undefined || heldBytes >= mostBytes) return;
    isReading = true;
    reader.read().then(({ done, value }) => {
      if (value !== undefined && value.length > 0 && ending === undefined) {
        held.push(value);
        heldBytes += value.length;
      }
      settle(done ? {} : undefined);
    }, (error) => settle({ error }));
  };
  const take = (): Uint8Array | undefined => {
    const chunk = held.shift();
    heldBytes -= chunk?.length ?? 0;
    readOn();
    if (chunk === undefined && ending !== undefined && "error" in ending) throw ending.error;
    return chunk;
  };
  return {
    async next(most): Promise<Uint8Array | undefined> {
      mostBytes = most;
      readOn();
      if (held.length === 0 && ending === undefined) {
        await new Promise<void>((resolve) => wake = resolve);
      }
      return take();
    },
    cancel(reason): Promise<void> {
      ending = { error: reason };
      held.length = heldBytes = 0;
      wake?.();
      return reader.cancel(reason);
    },
  };
}
