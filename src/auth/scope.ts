import { excerpt, TidegateError } from "../core/mod.ts";

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

const TYPE = /^([a-z0-9]+)(?:\(([a-z0-9]+)\))?$/;
const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?$/;
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const ACTION = /^(?:[a-z]+|\*)$/;
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
  const first = text.indexOf(":");
  const last = text.lastIndexOf(":");
  if (first === last) throw invalid(text, "needs a type, a name and actions, with colons between");
  const type = TYPE.exec(text.slice(0, first));
  const name = text.slice(first + 1, last);
  const actions = text.slice(last + 1).split(",");
  if (type === null) throw invalid(text, "has no proper type");
  if (!isResourceName(name)) throw invalid(text, "has no proper name");
  if (!actions.every((action) => ACTION.test(action))) throw invalid(text, "has no proper actions");
  return {
    type: type[1] ?? "",
    ...(type[2] === undefined ? {} : { resourceClass: type[2] }),
    name,
    actions: sortActions(actions),
  };
}

/**
 * Write a scope.
 * @throws {TidegateError} INVALID_RESPONSE when what would be written is not one scope.
 */
export function formatScope({ type, resourceClass, name, actions }: Scope): string {
  const kind = resourceClass === undefined ? type : `${type}(${resourceClass})`;
  const text = `${kind}:${name}:${sortActions(actions).join(",")}`;
  const again = parseScope(text);
  // a name like "a:pull,push" would come back as other parts than went in
  if (again.name !== name || again.type !== type) throw invalid(text, "has no proper name");
  return text;
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
    const key = JSON.stringify([scope.type, scope.resourceClass, scope.name]);
    const actions = sortActions([...(merged.get(key)?.actions ?? []), ...scope.actions]);
    merged.set(key, { ...scope, actions });
  }
  return [...merged.values()].map(formatScope);
}

/**
 * Read the `scope` parameter of a challenge: scopes with spaces between. What cannot be read is left
 * out: a hint that we do not understand is none.
 */
export function readScopeHint(text: string): string[] {
  const scopes = text.split(" ", MAX_HINTS).flatMap((part) => {
    try {
      return part === "" ? [] : [formatScope(parseScope(part))];
    } catch {
      return [];
    }
  });
  return mergeScopes(scopes);
}

function isResourceName(name: string): boolean {
  const parts = name.split("/");
  const isPath = (components: readonly string[]): boolean =>
    components.length > 0 && components.every((part) => COMPONENT.test(part));
  if (name.length > 520) return false;
  return isPath(parts) || (HOST.test(parts[0] ?? "") && isPath(parts.slice(1)));
}

function sortActions(actions: readonly string[]): string[] {
  const rank = (action: string): number => {
    const known = ACTION_ORDER.indexOf(action);
    return known === -1 ? ACTION_ORDER.length : known;
  };
  return [...new Set(actions)].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

function invalid(text: string, reason: string): TidegateError<"INVALID_RESPONSE"> {
  const input = excerpt(text, 128);
  return new TidegateError("INVALID_RESPONSE", `The scope "${input}" ${reason}`, {
    what: "scope",
    input,
    reason,
  });
}
