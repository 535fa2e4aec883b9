/** Fill a view until it holds at least `least` bytes, or the stream ends. */
export type ReadAtLeast = (
  least: number,
  view: Uint8Array<ArrayBuffer>,
) => Promise<ReadableStreamReadResult<Uint8Array<ArrayBuffer>>>;

/**
 * workerd's `readAtLeast`, where the reader has it.
 *
 * One call makes as many socket reads as `least` needs, without JavaScript in between. When the
 * connection breaks it drops what it had gathered: less than `least` bytes, never more.
 */
export function readAtLeastOf(reader: ReadableStreamBYOBReader): ReadAtLeast | undefined {
  const { readAtLeast } = reader as { readAtLeast?: ReadAtLeast };
  return readAtLeast?.bind(reader);
}
