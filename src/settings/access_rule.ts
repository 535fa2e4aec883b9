/** What a caller may be allowed to do with a repository. */
export type AccessAction = "pull" | "push" | "delete";

/** One parsed entry of `access`: `hub/library/**:pull`. */
export interface AccessRule {
  /** Name of an upstream, or `*` for any. */
  readonly upstream: string;
  /** Parts of the repository name: literal text, `*` for any run of characters, `**` for one or more parts. */
  readonly repository: readonly string[];
  readonly actions: readonly AccessAction[];
}

const ACTIONS: readonly string[] = ["pull", "push", "delete"];
const MAX_RULE_LENGTH = 512; // twice the longest repository name
const PART = /^[a-z0-9._*-]+$/;

/**
 * Parse `upstream/glob:actions`.
 *
 * @param text `hub/acme/**:pull,push`. The upstream is a name or `*`; a part of the glob that is
 * `**` stands for one or more whole parts, `*` inside a part for any run of its characters.
 * @returns The rule, or the sentence that says what is wrong with the text.
 */
export function parseAccessRule(text: string): AccessRule | string {
  if (text.length > MAX_RULE_LENGTH) return `must be at most ${MAX_RULE_LENGTH} characters`;
  const colon = text.lastIndexOf(":");
  const [upstream = "", ...repository] = text.slice(0, Math.max(colon, 0)).split("/");
  if (colon < 0 || upstream === "" || repository.length === 0) {
    return "must read upstream/glob:actions";
  }
  if (!repository.every(isGlobPart)) {
    return "must have a glob of lower-case name parts, with ** only as a whole part";
  }
  const actions = text.slice(colon + 1).split(",");
  if (!actions.every(isAction)) return `must have actions out of ${ACTIONS.join(", ")}`;
  return { upstream, repository, actions };
}

function isGlobPart(part: string): boolean {
  return PART.test(part) && (part === "**" || !part.includes("**"));
}

function isAction(text: string): text is AccessAction {
  return ACTIONS.includes(text);
}
