/** Query parameters by name; what is undefined is left out. */
export type Query = Readonly<Record<string, string | number | undefined>>;

/** A URL with the query parameters that are given. */
export function withQuery(url: string, query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return parameters.size === 0 ? url : `${url}?${parameters}`;
}

/**
 * A page size within what the API takes.
 *
 * @throws {TypeError} Unless it is a whole number from 1 to `maximum`.
 */
export function assertPageSize(size: number, maximum: number): number {
  if (Number.isSafeInteger(size) && size >= 1 && size <= maximum) return size;
  throw new TypeError(`pageSize must be a whole number from 1 to ${maximum}`);
}
