interface FixedLengthConstructor {
  new (length: number): TransformStream<Uint8Array, Uint8Array>;
}

/**
 * workerd's native pipe of a known length, where there is one. A response made of its readable side
 * keeps its `Content-Length`, ends in error when fewer bytes are written, and moves them without
 * JavaScript in between. A write resolves once the bytes were taken.
 */
export function tryFixedLengthStream(
  length: number,
): TransformStream<Uint8Array, Uint8Array> | undefined {
  const { FixedLengthStream } = globalThis as { FixedLengthStream?: FixedLengthConstructor };
  return FixedLengthStream === undefined ? undefined : new FixedLengthStream(length);
}
