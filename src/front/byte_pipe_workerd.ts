interface IdentityStreamConstructor {
  new (): TransformStream<Uint8Array, Uint8Array>;
}

/** A pipe for bytes, and whether it has done with a chunk once its write has resolved. */
export interface BytePipe extends TransformStream<Uint8Array, Uint8Array> {
  readonly borrows: boolean;
}

/**
 * A pipe for a request body of a length that is not told: workerd's native one, which moves bytes
 * without JavaScript in between, elsewhere the standard one.
 */
export function createBytePipe(): BytePipe {
  const { IdentityTransformStream } = globalThis as {
    IdentityTransformStream?: IdentityStreamConstructor;
  };
  const borrows = IdentityTransformStream !== undefined;
  const pipe = borrows ? new IdentityTransformStream() : new TransformStream();
  return { readable: pipe.readable, writable: pipe.writable, borrows };
}
