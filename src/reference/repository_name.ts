import { invalid } from "./invalid.ts";

/**
 * Longest repository name: 255 characters, what distribution/reference enforces and what the
 * distribution spec tells clients to expect.
 */
export const MAX_REPOSITORY_NAME_LENGTH = 255;

/** Each rule as a pattern that must not match. No pattern nests a quantifier: all are linear. */
const RULES: readonly (readonly [RegExp, string])[] = [
  [/[^a-z0-9._/-]/, "may hold only a-z, 0-9, '.', '_', '-' and '/'"],
  [/^\/|\/$|\/\//, "must not have an empty component"],
  [/(?:^|\/)[._-]|[._-](?:\/|$)/, "must start and end each component with a letter or a digit"],
  [
    /\.[._-]|_[.-]|-[._]|___/,
    "must separate by one '.', one or two '_', or dashes",
  ],
];

/**
 * Check a repository name, the `<name>` of `/v2/<name>/…`: components of lower-case letters and
 * digits, separated inside by `.`, `_`, `__` or dashes, joined by `/`; at most 255 characters.
 *
 * @returns The same text.
 * @throws {TidegateError} INVALID_NAME when it breaks a rule. For upper case the rule shows the
 * lower-case spelling.
 * @see {@link https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests | distribution-spec, Pulling manifests}
 */
export function parseRepositoryName(text: string): string {
  const reason = brokenRule(text);
  if (reason !== undefined) throw invalid("INVALID_NAME", text, reason);
  return text;
}

/** Whether {@linkcode parseRepositoryName} accepts the text. */
export function isRepositoryName(text: string): boolean {
  return brokenRule(text) === undefined;
}

function brokenRule(text: string): string | undefined {
  if (text === "") return "must not be empty";
  if (text.length > MAX_REPOSITORY_NAME_LENGTH) {
    return `must have at most ${MAX_REPOSITORY_NAME_LENGTH} characters`;
  }
  if (/[A-Z]/.test(text)) return `must be lower case: "${text.toLowerCase()}"`;
  return RULES.find(([pattern]) => pattern.test(text))?.[1];
}
