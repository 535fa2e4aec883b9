import {
  type Clock,
  MAX_ERROR_BODY_BYTES,
  readResponse,
  type RegistryResponse,
  type TidegateError,
} from "../core/mod.ts";
import { responseError, type ResponseFacts } from "../distribution/mod.ts";

const ERROR_STALL_MS = 5_000; // an error is worth a short wait for its text, no more

/**
 * Read what a registry says about a failure, and make it an error.
 *
 * A body that is too long, too slow or broken costs the text, never the error itself.
 *
 * @param image What was asked for, for the message.
 */
export async function responseFailure(
  response: RegistryResponse,
  image: string,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<TidegateError> {
  return responseError(await failureFacts(response, clock, signal), image);
}

/** What a registry says about a failure, for an error of one's own. */
export async function failureFacts(
  response: RegistryResponse,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<ResponseFacts> {
  const { origin } = new URL(response.url);
  const body = await readResponse(response, {
    what: "error body",
    maximum: MAX_ERROR_BODY_BYTES,
    clock,
    stallMs: ERROR_STALL_MS,
    signal,
  }).catch(() => new Uint8Array(0));
  signal?.throwIfAborted();
  const { status, headers, scrub } = response;
  return { status, headers, origin, body, now: clock.now(), scrub };
}
