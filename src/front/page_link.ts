import { askOrigin } from "../transport/mod.ts";
import type { DoorRequest } from "./door_request.ts";
import { nextLink } from "./query.ts";

/**
 * The door's `Link` for the page that the upstream names as the next one.
 *
 * @param path The door's path of the listing.
 * @param from The upstream's URL of the page that names it.
 * @param next The URL it names, if any.
 * @throws {TidegateError} ORIGIN_NOT_TRUSTED for one on another origin: its query, a signature
 * perhaps, is nothing to hand on; INVALID_RESPONSE for a query that cannot be passed on.
 */
export function pageLink(
  { selection: { upstream: { upstream }, namespace }, services: { observer } }: DoorRequest,
  path: string,
  from: string,
  next: string | undefined,
): Readonly<Record<string, string>> {
  if (next === undefined) return {};
  const { url } = askOrigin({ upstream, observer }, "link", from, next);
  return { link: nextLink(path, url, namespace) };
}
