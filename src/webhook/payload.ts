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

/** URLSearchParams takes seconds for 1 MiB of separators; nobody escapes the name of this field. */
function formPayload(bytes: Uint8Array): string {
  const fields = decodeUtf8(bytes).match(/(?:^|&)payload=[^&]*/g);
  const [field] = fields ?? [];
  if (field === undefined || fields?.length !== 1) throw new SyntaxError("No payload");
  return decodeURIComponent(field.slice(field.indexOf("=") + 1).replaceAll("+", " "));
}
