/** A webhook as its provider sends it: what a `POST` carries. */
export interface WebhookPost {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** The request that brings a webhook to an address. Each call makes a new one: to replay it. */
export function webhookRequest(url: string, { headers, body }: WebhookPost): Request {
  const all = { "content-length": String(body.length), ...headers };
  return new Request(url, { method: "POST", headers: all, body: body.slice() });
}
