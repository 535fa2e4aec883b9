/** The conditions under which a caller wants something written. */
export interface Conditions {
  readonly ifMatch?: string;
  readonly ifNoneMatch?: string;
}

const LONGEST_CONDITION = 1024;
const CONDITION = /^(?:\*|(?:W\/)?"[\x21\x23-\x7e]*"(?:[ \t]*,[ \t]*(?:W\/)?"[\x21\x23-\x7e]*")*)$/;

/**
 * `If-Match` and `If-None-Match` of a request, to be judged by the upstream, which alone can do so
 * without a race. The door's own `ETag` of a manifest is its digest, as registries write it too.
 *
 * @returns Undefined for one that is malformed: a condition may not be ignored.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-13.1 | RFC 9110 13.1}
 */
export function readConditions({ headers }: Request): Conditions | undefined {
  const ifMatch = headers.get("if-match") ?? undefined;
  const ifNoneMatch = headers.get("if-none-match") ?? undefined;
  const given = [ifMatch, ifNoneMatch].filter((text) => text !== undefined);
  if (!given.every((text) => text.length <= LONGEST_CONDITION && CONDITION.test(text))) {
    return undefined;
  }
  return {
    ...(ifMatch !== undefined && { ifMatch }),
    ...(ifNoneMatch !== undefined && { ifNoneMatch }),
  };
}
