import type { Routed } from "./event_router.ts";

/**
 * What became of a webhook from a known sender. `ignored`: not about an image. `duplicate`: it came
 * before. `pong`: GitHub's test of the address.
 */
export type WebhookOutcome = Routed | "duplicate" | "ignored" | "pong";

/** Why a webhook was refused. What an attacker could learn from is told to the observer alone. */
export type WebhookRefusal =
  | "unknown"
  | "unauthorized"
  | "badMethod"
  | "badEncoding"
  | "badPayload"
  | "broken"
  | "tooLarge"
  | "tooSlow"
  | "tooMany"
  | "busy"
  | "failed";

/** An answer as plain data. */
export interface WebhookAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** One line of JSON. */
  readonly body: string;
}

const REFUSALS: Readonly<Record<WebhookRefusal, readonly [number, string]>> = {
  unknown: [404, "not found"], // a wrong secret in the path is just another path
  unauthorized: [401, "unauthorized"],
  badMethod: [405, "method not allowed"],
  badEncoding: [415, "unsupported media type"],
  badPayload: [400, "bad request"],
  broken: [400, "bad request"],
  tooLarge: [413, "payload too large"],
  tooSlow: [408, "request timeout"],
  tooMany: [429, "too many requests"],
  busy: [503, "unavailable"],
  failed: [500, "internal error"],
};

/** Refuse, in a fixed text. @param waitMs For `Retry-After`. */
export function refuseWebhook(name: WebhookRefusal, waitMs?: number): WebhookAnswer {
  const [status, error] = REFUSALS[name];
  const headers = {
    ...(name === "badMethod" && { allow: "POST" }),
    ...(waitMs !== undefined && { "retry-after": String(Math.max(1, Math.ceil(waitMs / 1000))) }),
  };
  return jsonAnswer(status, { error }, headers);
}

/** Answer a known sender. `undelivered` is 503: what is sent again will be taken. */
export function answerSender(outcome: WebhookOutcome): WebhookAnswer {
  return jsonAnswer(outcome === "undelivered" ? 503 : 200, { outcome }, {});
}

function jsonAnswer(
  status: number,
  body: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>>,
): WebhookAnswer {
  return {
    status,
    headers: {
      "cache-control": "no-store",
      "content-type": "application/json",
      "x-content-type-options": "nosniff",
      ...headers,
    },
    body: JSON.stringify(body),
  };
}
