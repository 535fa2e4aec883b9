import type { ByteSink } from "../verify/mod.ts";

/**
 * A sink's own copies of the chunks, unless it says that it only borrows them. Readers use their
 * buffers again, and a sink that queues (a file stream of Node, a list) would keep other bytes than
 * those that were verified.
 */
export function withOwnChunks(sink: ByteSink): ByteSink {
  if (sink.borrows === true) return sink;
  return {
    write: (chunk) => sink.write(chunk.slice()),
    close: () => sink.close(),
    abort: (reason) => sink.abort(reason),
  };
}
