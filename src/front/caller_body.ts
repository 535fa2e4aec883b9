import { isTidegateError } from "../core/mod.ts";
import { type ByteReader, readerOf } from "../verify/mod.ts";
import type { DoorRequest } from "./door_request.ts";
import type { RefusalName } from "./error_answer.ts";

/** The bytes that a caller sends, and what went wrong with them. */
export interface CallerBody extends ByteReader {
  /** Why reading failed, as the caller is told; undefined while it has not. */
  readonly failure: RefusalName | undefined;
}

/** Longest wait for the caller's next bytes, in milliseconds. */
const STALL_MS = 60_000;

/**
 * Read the body of a request that pushes.
 *
 * @param size Bytes that the caller says will come. More, or fewer, are a failure.
 */
export function callerBody({ request, services }: DoorRequest, size?: number): CallerBody {
  const { clock } = services;
  const reader = readerOf({ body: request.body, release: () => {}, url: request.url }, {
    ...{ clock, stallMs: STALL_MS, signal: request.signal, sizeHint: size },
  });
  let failure: RefusalName | undefined;
  let length = 0;
  let isCancelled = false;
  const fail = (name: RefusalName, error: unknown): never => {
    if (!isCancelled) failure ??= name;
    throw error;
  };
  return {
    get failure(): RefusalName | undefined {
      return failure;
    },
    get owned(): boolean {
      return reader.owned === true;
    },
    cancel(reason): Promise<void> {
      isCancelled = true; // what fails now is not the caller's doing
      return reader.cancel(reason);
    },
    async read(): Promise<Uint8Array | undefined> {
      const chunk = await reader.read().catch((error) =>
        fail(isTidegateError(error, "NETWORK_TIMEOUT") ? "requestTimeout" : "requestBroken", error)
      );
      length += chunk?.length ?? 0;
      const isOff = size !== undefined && (chunk === undefined ? length < size : length > size);
      return isOff ? fail("badSize", new TypeError("The body has another length")) : chunk;
    },
  };
}
