import { isRepositoryName } from "../reference/mod.ts";
import { mayPull } from "./access.ts";
import type { DoorRequest } from "./door_request.ts";
import { selectUpstream } from "./routing.ts";

/**
 * The upstream's name of the repository that a mount takes its blob from.
 *
 * @param from The repository as the caller names it, by the door's names: `docker.io/acme/app`.
 * @returns Undefined when it may not be used, for whatever reason: it is no name, it lies at another
 * upstream than the target, or the caller may not pull from it. The caller is not told which.
 */
export function mountSource(door: DoorRequest, from: string): string | undefined {
  const { identity, selection, services: { settings }, url: { host } } = door;
  if (!isRepositoryName(from)) return undefined;
  const { namespace } = selection;
  const source = selectUpstream(settings, { host, name: from, namespace });
  if (source === undefined || source.upstream !== selection.upstream) return undefined;
  return mayPull(identity, source) ? source.repository : undefined;
}
