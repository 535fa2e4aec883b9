import {
  isTidegateError,
  readResponse,
  type RegistryRequest,
  type RegistryResponse,
} from "../core/mod.ts";
import { responseFailure } from "../client/mod.ts";
import type { DoorRequest } from "./door_request.ts";

/** Longest wait for the next bytes of a small body, in milliseconds. */
const STALL_MS = 30_000;

/**
 * Send a request and get an answer that is a success.
 *
 * @param image What is asked for, for errors and logs; never shown to the caller.
 * @param isSuccess Tells by the status. Default is 200 alone.
 * @throws {TidegateError} What the upstream's refusal means, or what happened on the way.
 */
export async function ask(
  door: DoorRequest,
  request: RegistryRequest,
  image: string,
  isSuccess?: (status: number) => boolean,
): Promise<RegistryResponse> {
  const response = await door.send(request);
  await assertSuccess(door, response, image, isSuccess);
  return response;
}

/**
 * The answer to a HEAD, or undefined from registries and stores that answer none: 400, 405, 501 and
 * the like. GET then says what HEAD would have said.
 */
export async function unlessRefused<T>(head: Promise<T>): Promise<T | undefined> {
  try {
    return await head;
  } catch (error) {
    const isRefused = isTidegateError(error, "UNEXPECTED_RESPONSE") ||
      (isTidegateError(error, "SERVER_ERROR") && error.details.status === 501);
    if (isRefused) return undefined;
    throw error;
  }
}

/**
 * Refuse any status but 200, or those that `isSuccess` takes.
 * @throws {TidegateError} What the status means.
 */
export async function assertSuccess(
  { request: { signal }, services: { clock } }: DoorRequest,
  response: RegistryResponse,
  image: string,
  isSuccess: (status: number) => boolean = (status) => status === 200,
): Promise<void> {
  if (isSuccess(response.status)) return;
  throw await responseFailure(response, image, clock, signal);
}

/**
 * Read a whole small body and give the connection back.
 * @throws {TidegateError} LIMIT_EXCEEDED past `maximum`; NETWORK_ERROR, NETWORK_TIMEOUT.
 */
export async function readSmall(
  { request: { signal }, services: { clock } }: DoorRequest,
  response: RegistryResponse,
  what: string,
  maximum: number,
): Promise<Uint8Array<ArrayBuffer>> {
  return await readResponse(response, { what, maximum, clock, stallMs: STALL_MS, signal });
}
