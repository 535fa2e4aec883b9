import { excerpt, TidegateError } from "../core/mod.ts";
import { invalidResponse } from "./invalid_response.ts";

/** What a registry token permits: actions on one resource. */
export interface Scope {
  /** `repository` or `registry`. */
  readonly type: string;
  /** Deprecated and ignored by registries, kept when given: `plugin` in `repository(plugin):…`. */
  readonly resourceClass?: string;
  /** A repository name, possibly with a host and port before it. */
  readonly name: string;
  /** Without repetition; `pull`, `push`, `delete` in this order, then others by the alphabet. */
  readonly actions: readonly string[];
}

/** Longest scope read. A repository name has at most 255 characters, a host at most 260 with its port. */
export const MAX_SCOPE_LENGTH = 1024;

/** Most words of a challenge's scope that are looked at. A mount needs two. */
const MAX_HINTS = 32;

const SCOPE = /^([a-z0-9]+)(?:\(([a-z0-9]+)\))?:(.*):((?:[a-z]+|\*)(?:,(?:[a-z]+|\*))*)$/s;
const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?$/;
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const ACTION_ORDER: readonly string[] = ["pull", "push", "delete"];

/**
 * Read a scope: `type[(class)]:name:action[,action]`. The type ends at the first colon and the
 * actions start after the last, so that a name may have a port.
 *
 * @throws {TidegateError} INVALID_RESPONSE when it breaks the grammar.
 * @see {@link https://distribution.github.io/distribution/spec/auth/scope/ | Token scope documentation}
 */
export function parseScope(text: string): Scope {
  if (text.length > MAX_SCOPE_LENGTH) throw invalid(text, `is over ${MAX_SCOPE_LENGTH} characters`);
  const match = SCOPE.exec(text);
  if (match === null) throw invalid(text, "is not type:name:actions");
  const [, type = "", resourceClass, name = "", actions = ""] = match;
  if (!isResourceName(name)) throw invalid(text, "has no proper name");
  return {
    type,
    ...resourceClass !== undefined && { resourceClass },
    name,
    actions: sortActions(actions.split(",")),
  };
}

/**
 * Write a scope.
 * @throws {TidegateError} INVALID_RESPONSE when what would be written is not one scope.
 */
export function formatScope(scope: Scope): string {
  const text = writeScope(scope);
  const again = parseScope(text);
  // a name like "a:pull,push" would come back as other parts than went in
  if (again.name !== scope.name || again.type !== scope.type) {
    throw invalid(text, "has no proper name");
  }
  return text;
}

function writeScope({ type, resourceClass, name, actions }: Scope): string {
  const kind = resourceClass === undefined ? type : `${type}(${resourceClass})`;
  return `${kind}:${name}:${sortActions(actions).join(",")}`;
}

/**
 * The scope of actions on a repository: `repository:library/nginx:pull`.
 *
 * @param name A repository name without host.
 * @throws {TidegateError} INVALID_NAME for a name that is none: it could otherwise ask for more than
 * is meant.
 * @throws {TypeError} For no action, or one that is not a word of lower-case letters.
 */
export function repositoryScope(name: string, actions: readonly string[]): string {
  if (actions.length === 0 || !actions.every((action) => /^[a-z]+$/.test(action))) {
    throw new TypeError("Actions must be words of lower-case letters, at least one");
  }
  if (name.length > 255 || !name.split("/").every((part) => COMPONENT.test(part))) {
    const reason = "is not a repository name";
    throw new TidegateError("INVALID_NAME", `"${excerpt(name)}" ${reason}`, {
      input: excerpt(name),
      reason,
    });
  }
  return `repository:${name}:${sortActions(actions).join(",")}`;
}

/**
 * One scope for each resource, with all the actions asked for it, in order of first mention: some
 * registries grant only the first scope of a request.
 *
 * @throws {TidegateError} INVALID_RESPONSE when one breaks the grammar.
 */
export function mergeScopes(scopes: readonly string[]): string[] {
  const merged = new Map<string, Scope>();
  for (const scope of scopes.map(parseScope)) {
    const key = writeScope({ ...scope, actions: [] });
    const actions = [...(merged.get(key)?.actions ?? []), ...scope.actions];
    merged.set(key, { ...scope, actions });
  }
  return [...merged.values()].map(writeScope);
}

/**
 * Read the `scope` parameter of a challenge: scopes with spaces between. What cannot be read is left
 * out: a hint that we do not understand is none.
 */
export function readScopeHint(text: string): string[] {
  return mergeScopes(
    text.split(" ", MAX_HINTS).filter((part) => {
      try {
        return parseScope(part);
      } catch {
        return false;
      }
    }),
  );
}

function isResourceName(name: string): boolean {
  const [first = "", ...others] = name.split("/");
  const isFirst = COMPONENT.test(first) || (others.length > 0 && HOST.test(first));
  return name.length <= 520 && isFirst && others.every((part) => COMPONENT.test(part));
}

function sortActions(actions: readonly string[]): string[] {
  const known = ACTION_ORDER.filter((action) => actions.includes(action));
  return [...new Set([...known, ...[...actions].sort()])];
}

function invalid(text: string, reason: string): TidegateError<"INVALID_RESPONSE"> {
  return invalidResponse("scope", reason, excerpt(text, 128));
}
