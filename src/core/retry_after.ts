/**
 * When a `Retry-After` header allows the next try, in milliseconds since the epoch.
 *
 * Takes whole seconds and the three HTTP dates of RFC 9110; anything else counts as absent.
 * A date in the past means now.
 *
 * @param now Milliseconds since the epoch. Without it only dates count.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 | RFC 9110 10.2.3}
 */
export function parseRetryAfter(
  value: string | null,
  now: number | undefined,
): number | undefined {
  const text = value?.trim() ?? "";
  if (/^\d{1,15}$/.test(text)) {
    return now === undefined ? undefined : now + Number(text) * 1000;
  }
  if (!HTTP_DATE.test(text)) return undefined;
  const at = Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
  return Number.isNaN(at) ? undefined : Math.max(at, now ?? at);
}

// IMF-fixdate, RFC 850, asctime. Date.parse alone takes "1.5", "-1" and much else for a date.
const HTTP_DATE =
  /^(?:[A-Z][a-z]{2,8}, \d{2}[ -][A-Z][a-z]{2}[ -]\d{2,4} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/;
