import type { EventSink } from "./event.ts";

/** The part of a Cloudflare Queue's binding that is used. */
export interface QueueBinding {
  send(message: unknown, options?: { readonly contentType?: "json" }): Promise<unknown>;
}

/** Sends each event to a Cloudflare Queue as JSON, under 2 KiB of the 128 KB that a message may have. */
export function queueSink(queue: QueueBinding): EventSink {
  return async (event) => {
    await queue.send(event, { contentType: "json" });
  };
}
