import type { CallOptions, RegistryClient } from "../client/mod.ts";
import { TidegateError } from "../core/mod.ts";
import { registryImage } from "./registry_image.ts";
import type { RegistryImageOptions } from "./registry_place.ts";
import type { SyncDestination, SyncPlaces, SyncSource } from "./sync_options.ts";

/** How registries are used as ends of a sync. */
export interface RegistryPlacesOptions extends Omit<RegistryImageOptions, "knownTags"> {
  /** Lists the repositories of a registry, for rules with globs. Default is that it cannot. */
  readonly repositories?:
    | ((registry: string, options: CallOptions) => AsyncIterable<string>)
    | undefined;
}

/** Both ends of every rule are registries, behind one client. */
export function registryPlaces(
  client: RegistryClient,
  { repositories = unlisted, ...options }: RegistryPlacesOptions = {},
): SyncPlaces {
  const tags = (registry: string): SyncSource["tags"] => (repository, options) =>
    client.tags.list({ registry, repository }, options);
  return {
    source: (registry): SyncSource => ({
      repositories: (options) => repositories(registry, options),
      tags: tags(registry),
      image: (repository, tag, knownTags) =>
        registryImage(client, { registry, repository, tag }, { ...options, knownTags }),
    }),
    destination: (registry): SyncDestination => ({
      tags: tags(registry),
      image: (repository, tag) => registryImage(client, { registry, repository, tag }, options),
      deleteTag: (repository, tag, options) =>
        client.tags.delete({ registry, repository, tag }, options),
    }),
  };
}

/** @throws {TidegateError} UNSUPPORTED. */
function unlisted(registry: string): AsyncIterable<string> {
  const what = `repositories of ${registry}`;
  const reason = "name each of them, or say how they are listed";
  throw new TidegateError("UNSUPPORTED", `Globs for ${what}: ${reason}`, { what, reason });
}
