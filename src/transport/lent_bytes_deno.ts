import { isRuntime } from "./runtime_name.ts";
import { piecesOf } from "./streamed_bytes_node.ts";

/** Below this a copy costs little. */
const LEAST_BYTES = 1024 * 1024;

let isTaken: Promise<boolean> | undefined;

/**
 * The same bytes as a body that Deno's `fetch` does not copy. Of bytes it makes three copies, each in one
 * piece: one in V8's heap, two below it, where six uploads of 4 MiB at a time hold 50 MiB of them. A stream
 * goes out in pieces, but without its length, unless it is that of a `Blob`.
 *
 * @param bytes They must lie still until the answer has come.
 * @returns The bytes as they are on other runtimes, when they are few, and should Deno not take this.
 */
export async function lentBytes(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer> | Blob> {
  if (bytes.length < LEAST_BYTES || !isRuntime("Deno")) return bytes;
  isTaken ??= canTakeBlobs();
  return await isTaken ? blobOf(bytes) : bytes;
}

/** Whether a runtime takes a body out of the stream that it asks for. */
async function canTakeBlobs(): Promise<boolean> {
  try {
    return (await new Response(blobOf(Uint8Array.of(0x2a))).bytes())[0] === 0x2a;
  } catch {
    return false;
  }
}

/** An empty `Blob` whose size and stream are those of the bytes: one made of them would hold a copy. */
function blobOf(bytes: Uint8Array<ArrayBuffer>): Blob {
  return Object.defineProperties(new Blob(), {
    size: { value: bytes.length },
    stream: { value: () => piecesOf(bytes) },
  });
}
