import {
  type Clock,
  createDeadline,
  type ErrorDetails,
  type RegistryRequest,
  type RegistryResponse,
  type Send,
} from "../core/mod.ts";

/**
 * Send within a deadline for the headers: after them, the caller's signal still ends the body.
 *
 * @param details As for {@linkcode createDeadline}.
 */
export async function sendWithin(
  clock: Clock,
  details: ErrorDetails["NETWORK_TIMEOUT"],
  request: RegistryRequest,
  send: Send,
): Promise<RegistryResponse> {
  const { signal, stop, dispose } = createDeadline(clock, details, request.signal);
  try {
    const response = await send({ ...request, signal });
    stop();
    if (response.body === null) dispose();
    const release = (): void => {
      dispose();
      response.release();
    };
    return { ...response, release };
  } catch (error) {
    dispose();
    throw error;
  }
}
