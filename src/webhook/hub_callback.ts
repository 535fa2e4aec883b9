import { type Clock, encodeUtf8, type Fetch } from "../core/mod.ts";
import { observe, type Observer } from "../observability/mod.ts";
import { failureName, withinDeadline } from "./within_deadline.ts";

/** How Docker Hub's `callback_url` is answered, where the operator wants that. */
export interface HubCallbackOptions {
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly observer?: Observer | undefined;
  /** Origins that may be posted to, as URLs write them; compared exactly. Empty: nobody. */
  readonly origins: readonly string[];
}

const CALLBACK_MS = 1_500;
const BODY = JSON.stringify({ state: "success", context: "tidegate", description: "Received" });

/**
 * Tell Docker Hub that a webhook was taken. Docker withdrew this: its own address answers 404 now.
 *
 * The URL is the sender's, so it is asked only on a listed origin: a fixed body, no credentials, no
 * redirects, nothing of the answer read. Never rejects.
 */
export async function answerHubCallback(
  url: string | undefined,
  { fetch, clock, observer, origins }: HubCallbackOptions,
): Promise<void> {
  if (url === undefined || !isAllowedCallback(url, origins)) return;
  try {
    await withinDeadline(
      async (signal) => {
        const response = await fetch(callbackRequest(url, signal));
        await response.body?.cancel();
      },
      CALLBACK_MS,
      { clock, what: "callback" },
    );
  } catch (error) {
    observe(observer, { type: "webhook.failed", part: "callback", reason: failureName(error) });
  }
}

function callbackRequest(url: string, signal: AbortSignal): Request {
  return new Request(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: encodeUtf8(BODY),
    redirect: "manual",
    signal,
  });
}

const LONGEST_URL = 2048;

/** Whether a URL is on one of the origins, with no user name in it. */
export function isAllowedCallback(url: string, origins: readonly string[]): boolean {
  if (url.length > LONGEST_URL || !URL.canParse(url)) return false;
  const { origin, username, password } = new URL(url);
  return username === "" && password === "" && origins.includes(origin);
}
