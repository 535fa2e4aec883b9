import { invalid } from "./invalid.ts";

const LONGEST_TAG = 128;

/**
 * Check a tag: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`.
 *
 * @returns The same text.
 * @throws {TidegateError} INVALID_TAG when it breaks a rule.
 * @see {@link https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests | distribution-spec, Pulling manifests}
 */
export function parseTag(text: string): string {
  const reason = brokenRule(text);
  if (reason !== undefined) throw invalid("INVALID_TAG", text, reason);
  return text;
}

/** Whether {@linkcode parseTag} accepts the text. */
export function isTag(text: string): boolean {
  return /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/.test(text);
}

function brokenRule(text: string): string | undefined {
  if (text === "") return "must not be empty";
  if (text.length > LONGEST_TAG) return `must have at most ${LONGEST_TAG} characters`;
  if (/[^a-zA-Z0-9._-]/.test(text)) return "may hold only letters, digits, '_', '.' and '-'";
  if (/^[.-]/.test(text)) return "must start with a letter, a digit or '_'";
  return undefined;
}
