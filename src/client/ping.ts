import { pingRequest } from "../distribution/mod.ts";
import type { Reference } from "../reference/mod.ts";
import { discard } from "../transport/mod.ts";
import type { CallOptions, ClientContext } from "./context.ts";
import { responseFailure } from "./response_failure.ts";

/**
 * Ask whether a registry is there and takes our credentials (end-1).
 *
 * @throws {TidegateError} UNAUTHORIZED, NOT_FOUND (no registry of this API), SERVER_ERROR,
 * NETWORK_ERROR…
 */
export async function ping(
  { connect, settings: { clock } }: ClientContext,
  ref: Pick<Reference, "registry">,
  { signal }: CallOptions = {},
): Promise<void> {
  const { send, target } = connect({ registry: ref.registry, repository: "" });
  const response = await send({ ...pingRequest(target.origin), ...(signal && { signal }) });
  if (response.status !== 200) throw await responseFailure(response, ref.registry, clock, signal);
  discard(response, clock);
}
