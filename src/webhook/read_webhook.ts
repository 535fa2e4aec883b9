import { isTidegateError, readCapped } from "../core/mod.ts";
import type { WebhookRefusal } from "./answer.ts";
import type { ReceiverSettings } from "./options.ts";

const STALL_MS = 2_000; // senders wait 10 seconds for the answer

/**
 * Most bytes that a body can have by its head, or why it is not read. A compressed one is refused:
 * nobody sends them, and they grow.
 */
export function announcedBytes(
  { headers }: Request,
  { limits }: Pick<ReceiverSettings, "limits">,
): number | WebhookRefusal {
  if (headers.has("content-encoding")) return "badEncoding";
  const length = headers.get("content-length");
  if (length === null) return limits.bodyBytes;
  if (!/^\d{1,15}$/.test(length)) return "broken";
  return Number(length) > limits.bodyBytes ? "tooLarge" : Number(length);
}

/** Read a body whole, or say why not. @param maximum What its head announced. */
export async function readWebhook(
  request: Request,
  maximum: number,
  { clock }: Pick<ReceiverSettings, "clock">,
): Promise<Uint8Array<ArrayBuffer> | WebhookRefusal> {
  try {
    return await readCapped(request.body, {
      ...{ what: "webhook", origin: "the sender", maximum },
      ...{ clock, stallMs: STALL_MS, signal: request.signal },
    });
  } catch (error) {
    if (isTidegateError(error, "LIMIT_EXCEEDED")) return "tooLarge";
    return isTidegateError(error, "NETWORK_TIMEOUT") ? "tooSlow" : "broken";
  }
}

/** Let go of a body that nobody will read. */
export function giveUpBody({ body }: Request): void {
  if (body !== null && !body.locked) body.cancel().catch(() => {});
}
