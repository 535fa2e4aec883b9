import { isRuntime } from "./runtime_name.ts";

/** Below this a copy costs little. */
const LEAST_BYTES = 1024 * 1024;

let isTaken: Promise<boolean> | undefined;

/**
 * The same bytes as a body that Deno's `fetch` does not copy. It does so by `slice()`: copies of 8 MiB
 * each become garbage faster than V8 collects it, 110 MiB of it. The other runtimes copy in other
 * ways, and are not concerned.
 *
 * @param bytes They must lie still until the answer has come.
 * @returns The bytes as they are on other runtimes, when they are few or a part of a buffer, and should
 * Deno copy in another way.
 */
export async function lentBytes(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  // `Request` may show all of a buffer: one that has other bytes beside these is not lent
  const isWhole = bytes.length === bytes.buffer.byteLength;
  if (bytes.length < LEAST_BYTES || !isWhole || !isRuntime("Deno")) return bytes;
  isTaken ??= isTakenFor(Uint8Array.of(0x2a));
  return await isTaken ? copiedAs(bytes) : bytes;
}

/** Whether a runtime takes a body for the copy of it that it asks for. */
async function isTakenFor(bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
  try {
    const init = { method: "PUT", body: copiedAs(bytes) };
    const taken = await new Request("http://localhost/", init).bytes();
    return taken.length === bytes.length && taken[0] === bytes[0];
  } catch {
    return false;
  }
}

/**
 * An empty array whose `slice()` is other bytes: it makes its result with the constructor that the
 * array names, which may give more than it was asked for (ECMA-262 23.2.4.1). Then there is nothing
 * to copy. Bytes that named themselves would be copied onto themselves, 4 ms for 6 MiB.
 */
function copiedAs(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  function Copy(): Uint8Array {
    return bytes;
  }
  return Object.assign(new Uint8Array(0), { constructor: { [Symbol.species]: Copy } });
}
