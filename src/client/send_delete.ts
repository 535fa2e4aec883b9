import { type RegistryRequest, TidegateError } from "../core/mod.ts";
import { isDeleted, responseError } from "../distribution/mod.ts";
import { discard } from "../transport/mod.ts";
import { forgetCached } from "./cached_manifest.ts";
import type { RepositoryConnection } from "./connection.ts";
import type { ClientContext } from "./context.ts";
import { failureFacts } from "./response_failure.ts";

/** Statuses by which registries say that they do not delete this: the second is distribution's. */
const REFUSED: readonly number[] = [405, 400];

/**
 * Send a deletion.
 *
 * @param what What is deleted, for messages: `acme/app:v1`.
 * @param advice What the caller can do where the registry does not delete such things.
 * @throws {TidegateError} UNSUPPORTED where the registry does not; NOT_FOUND; what else it answers.
 */
export async function sendDelete(
  context: ClientContext,
  connection: RepositoryConnection,
  request: RegistryRequest,
  what: string,
  advice: string,
): Promise<void> {
  const { clock } = context.settings;
  const response = await connection.send(request);
  if (isDeleted(response.status)) {
    discard(response, clock);
    return await forgetCached(context, connection);
  }
  const facts = await failureFacts(response, clock, request.signal);
  const cause = responseError(facts, what);
  if (!REFUSED.includes(facts.status)) throw cause;
  const reason = `${facts.origin} answered ${facts.status}: ${advice}`;
  const message = `Deleting ${what} is not supported: ${reason}`;
  throw new TidegateError("UNSUPPORTED", message, { what: `deleting ${what}`, reason }, { cause });
}
