import { type ErrorCode, isTidegateError, readCapped } from "../core/mod.ts";
import type { DoorRequest } from "./door_request.ts";
import type { RefusalName } from "./error_answer.ts";

const STALL_MS = 30_000; // as long as the door waits for an upstream

const REFUSALS: Readonly<Partial<Record<ErrorCode, RefusalName>>> = {
  LIMIT_EXCEEDED: "requestTooLarge",
  NETWORK_TIMEOUT: "requestTimeout",
  NETWORK_ERROR: "requestBroken",
};

/**
 * Read a caller's small body whole, before anything is sent on.
 *
 * @param maximum Most bytes taken; a `Content-Length` above it is refused unread.
 * @returns The bytes, or how to refuse a body that is too large, too slow or not all there.
 */
export async function readRequestBody(
  { request, services: { clock } }: DoorRequest,
  maximum: number,
): Promise<Uint8Array<ArrayBuffer> | RefusalName> {
  const announced = request.headers.get("content-length");
  if (announced !== null && Number(announced) > maximum) return "requestTooLarge";
  try {
    const bytes = await readCapped(request.body, {
      ...{ what: "request body", maximum, origin: "the caller", clock },
      ...{ stallMs: STALL_MS, signal: request.signal },
    });
    return announced === null || Number(announced) === bytes.length ? bytes : "requestBroken";
  } catch (error) {
    const refusal = isTidegateError(error) ? REFUSALS[error.code] : undefined;
    if (refusal === undefined) throw error;
    return refusal;
  }
}
