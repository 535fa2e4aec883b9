import type { CredentialProvider } from "../auth/mod.ts";
import {
  createRegistryClient,
  type RegistryClient,
  type RegistryClientOptions,
} from "../client/mod.ts";
import type { Upstream } from "../core/mod.ts";
import { createLaneHashers } from "../hash/lanes.ts";
import { createLogger, joinObservers, logObserver, type Observer } from "../observability/mod.ts";
import { type CliSettings, loadCliSettings, upstreamOf } from "./cli_settings.ts";
import type { CommandContext } from "./command.ts";
import { commandCredentials } from "./credentials.ts";
import { noteObserver } from "./note_observer.ts";
import { VERSION } from "./version.ts";

/** A registry client, and what it was made of. */
export interface OpenedClient {
  readonly registry: RegistryClient;
  readonly settings: CliSettings;
  readonly credentials: CredentialProvider;
  /** For clients of other kinds. */
  readonly options: RegistryClientOptions;
  /** Where a registry is. */
  upstreamOf(registry: string): Upstream;
}

/**
 * Make the registry client that a command line asks for. No I/O but for configuration, and a password
 * on standard input.
 *
 * @param registry What `--username` is for, unless `--registry` says something else.
 */
export async function openClient(
  context: CommandContext,
  registry: string | undefined,
): Promise<OpenedClient> {
  const settings = await loadCliSettings(context);
  const credentials = await commandCredentials(context, settings, registry);
  const options: RegistryClientOptions = {
    ...settings.options.client,
    upstreams: settings.upstreams,
    credentials,
    observer: observerOf(context, settings),
    clock: context.clock,
    savableHasher: createLaneHashers(),
    ...(context.host.fetch && { fetch: context.host.fetch }),
    transport: {
      ...settings.options.client.transport,
      userAgent: `tidegate/${VERSION}`,
      largeFetch: context.host.largeFetch,
    },
  };
  return {
    registry: createRegistryClient(options),
    ...{ settings, credentials, options },
    upstreamOf: (name) => upstreamOf(settings, name),
  };
}

function observerOf({ clock, output }: CommandContext, { logLevel: level }: CliSettings): Observer {
  const notes = noteObserver(output);
  if (level === undefined) return notes;
  const logger = createLogger({ level, clock, write: (line) => output.warn(line) });
  return joinObservers(notes, logObserver(logger));
}
