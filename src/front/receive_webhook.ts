import { encodeUtf8 } from "../core/mod.ts";
import type { WebhookReceiver } from "../webhook/mod.ts";
import { type Answer, bytesAnswer } from "./answer.ts";
import { refuse } from "./error_answer.ts";
import type { ExecutionContextLike } from "./options.ts";
import { isKnownHost } from "./routing.ts";
import type { DoorServices } from "./services.ts";

/**
 * Answer a request below the path of webhooks. What the receiver does not know, a wrong secret among
 * it, is answered as any path that there is not.
 */
export async function receiveWebhook(
  request: Request,
  { settings }: DoorServices,
  receiver: WebhookReceiver | undefined,
  context: ExecutionContextLike | undefined,
): Promise<Answer> {
  if (!isKnownHost(settings, new URL(request.url).host)) return refuse("unknownHost");
  if (receiver === undefined) return refuse("unknownEndpoint");
  const { status, headers, body } = await receiver.receive(request, context);
  return status === 404
    ? refuse("unknownEndpoint")
    : bytesAnswer(status, headers, encodeUtf8(body));
}
