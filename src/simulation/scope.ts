/** One entry of a token's scope: what may be done with what. */
export interface Scope {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

/**
 * Read `type[(class)]:name:action,action` (distribution, "Token Scope Documentation"). The name may
 * hold a port's colon; the class is ignored.
 */
export function parseScope(text: string): Scope | undefined {
  const match = /^([a-z0-9]+)(?:\([a-z0-9]+\))?:(.+):([a-z*]+(?:,[a-z*]+)*)$/.exec(text);
  if (match === null) return undefined;
  const [, type = "", name = "", actions = ""] = match;
  return { type, name, actions: actions.split(",") };
}
