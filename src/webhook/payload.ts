import { decodeUtf8, type Json, parseJson } from "../core/mod.ts";
import { parseContentType } from "../manifest/mod.ts";
import { invalidWebhook } from "./notice.ts";

/** How a body spells its JSON: as it is, or in the field `payload` of a form. */
export type PayloadForm = "json" | "form";

/** The form that a `Content-Type` means; undefined for any other. Parameters do not matter: JSON is UTF-8. */
export function payloadForm(contentType: string | null): PayloadForm | undefined {
  const type = parseContentType(contentType ?? "");
  if (type === "application/json") return "json";
  return type === "application/x-www-form-urlencoded" ? "form" : undefined;
}

/**
 * Read the JSON of a webhook, whose sender is known already.
 *
 * @throws {TidegateError} INVALID_WEBHOOK for what is no JSON, nests too deep, has a key twice, or is
 * a form without exactly one `payload`.
 */
export function parsePayload(provider: string, bytes: Uint8Array, form: PayloadForm): Json {
  try {
    return parseJson(form === "json" ? bytes : formPayload(bytes));
  } catch {
    throw invalidWebhook(provider, "must be JSON"); // whatever it says quotes the body
  }
}

function formPayload(bytes: Uint8Array): string {
  const payloads = new URLSearchParams(decodeUtf8(bytes)).getAll("payload");
  if (payloads.length !== 1 || payloads[0] === undefined) throw new SyntaxError("No payload");
  return payloads[0];
}
