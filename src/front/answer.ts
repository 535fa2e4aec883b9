/** What the door will say, as plain data. `respond.ts` makes the one `Response` of it. */
export interface Answer {
  readonly status: number;
  /** Lower-case names. Only what the door itself decided to say: nothing is copied from upstream. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body a GET gets. For HEAD it may be null with {@linkcode Answer.length} set. */
  readonly body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null;
  /** Bytes of the body a GET gets; undefined when nobody knows. */
  readonly length: number | undefined;
}

/** An answer whose body is whole in memory. */
export function bytesAnswer(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array<ArrayBuffer>,
): Answer {
  return { status, headers, body, length: body.length };
}
