import { decodeUtf8, type Upstream } from "../core/mod.ts";
import type { LogLevel } from "../observability/mod.ts";
import { clientOptions, loadSettings, type OptionsOfSettings } from "../settings/mod.ts";
import { resolveUpstream } from "../upstream/mod.ts";
import type { CommandContext } from "./command.ts";
import { UsageError } from "./usage_error.ts";

/** What environment, configuration file and options say about registries, put together. */
export interface CliSettings {
  /** Of Docker Hub, and what all registries share: retries, timeouts, concurrency. */
  readonly options: OptionsOfSettings;
  /** Docker Hub's API. */
  readonly hubUrl: string;
  /** Registries of which something was said. Any other is found by its host. */
  readonly upstreams: readonly Upstream[];
  /** Most bytes of one request of an upload, where somebody said. */
  readonly chunkBytes: number | undefined;
  /** Pulls left at which a warning is told. */
  readonly lowThreshold: number;
  /** Absent: nobody asked for a log. */
  readonly logLevel: LogLevel | undefined;
}

const MAX_CONFIG_BYTES: number = 32 * 1024; // what `loadSettings` takes

/**
 * Read the settings of a command line.
 *
 * @throws {TidegateError} CONFIGURATION, naming the key.
 * @throws {UsageError} For `--trust` without an origin, or a configuration file that is not there.
 */
export async function loadCliSettings(context: CommandContext): Promise<CliSettings> {
  const { env } = context.host;
  const text = await configText(context);
  const { settings, warnings } = loadSettings({ env, text });
  for (const warning of warnings) context.output.warn(`Warning: ${warning}`);
  const options = clientOptions(settings);
  return {
    options,
    hubUrl: settings.hubUrl,
    upstreams: placeUpstreams(context, options.client.upstreams),
    chunkBytes: env["DOCKER_CHUNK_SIZE_MB"] || text ? options.blobs.chunkBytes : undefined,
    lowThreshold: settings.rateLimit.lowThreshold,
    logLevel: context.options.flag("debug")
      ? "debug"
      : env["TIDEGATE_LOG"]
      ? settings.observability.logLevel
      : undefined,
  };
}

/** The upstream that a registry's name means, by these settings. */
export function upstreamOf(
  { upstreams }: Pick<CliSettings, "upstreams">,
  registry: string,
): Upstream {
  return upstreams.find(({ name }) => name === registry) ??
    upstreams.find(({ profile }) => profile.hosts.includes(registry)) ??
    resolveUpstream(registry);
}

async function configText({ host, options }: CommandContext): Promise<string | undefined> {
  const path = options.text("config") ?? (host.env["TIDEGATE_CONFIG_FILE"] || undefined);
  if (path === undefined) return undefined;
  const bytes = await host.files.read(path, MAX_CONFIG_BYTES);
  if (bytes === undefined) throw new UsageError(`There is no configuration file ${path}`);
  return decodeUtf8(bytes);
}

/** Those of the settings, and those that options name. */
function placeUpstreams(context: CommandContext, known: readonly Upstream[]): readonly Upstream[] {
  const insecure = listOf(context, "insecure", "TIDEGATE_INSECURE");
  const trusted = listOf(context, "trust", "TIDEGATE_TRUST").map(readTrust);
  const names = new Set([...insecure, ...trusted.map(({ registry }) => registry)]);
  const placed = [...names].map((name) => {
    const before = known.find((one) => one.name === name || new URL(one.origin).host === name);
    const origins = trusted.filter((one) => one.registry === name).map(({ origin }) => origin);
    const isInsecure = insecure.includes(name);
    return resolveUpstream(before?.name ?? name, {
      ...before,
      ...(isInsecure && { origin: `http://${name}`, insecure: true }),
      tokenOrigins: [...resolveUpstream(before?.name ?? name, before).tokenOrigins, ...origins],
      uploadOrigins: origins,
    });
  });
  const taken = new Set(placed.map(({ name }) => name));
  return [...placed, ...known.filter(({ name }) => !taken.has(name))];
}

function listOf({ host, options }: CommandContext, option: string, variable: string): string[] {
  const inherited = (host.env[variable] ?? "").split(",").map((word) => word.trim());
  return [...new Set([...options.list(option), ...inherited])].filter((word) => word !== "");
}

function readTrust(text: string): { readonly registry: string; readonly origin: string } {
  const at = text.indexOf("=");
  if (at < 1) {
    throw new UsageError("--trust must be HOST=ORIGIN, for example r.test=https://auth.test");
  }
  return { registry: text.slice(0, at), origin: text.slice(at + 1) };
}
