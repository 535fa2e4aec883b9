import { isTidegateError, type RegistryProfile, type Upstream } from "../core/mod.ts";
import { parseRepositoryName } from "../reference/mod.ts";
import { GENERIC_PROFILE, profileForHost, PROFILES } from "../upstream/mod.ts";
import { configurationError } from "./configuration_error.ts";
import type { UpstreamConfig } from "./front_door_schema.ts";
import type { CredentialSettings, UpstreamSettings } from "./front_door_settings.ts";
import { originProblem } from "./origin_rule.ts";

/**
 * Settings of every upstream, each checked alone and then against the others.
 *
 * @throws {TidegateError} CONFIGURATION.
 */
export function parseUpstreams(configs: readonly UpstreamConfig[]): readonly UpstreamSettings[] {
  assertUnique(configs, "name");
  assertUnique(configs, "prefix");
  assertUnique(configs, "host");
  const defaults = configs.filter((config) => config.default);
  if (defaults.length > 1) {
    const i = configs.lastIndexOf(defaults[1] as UpstreamConfig);
    throw configurationError(`upstreams[${i}].default`, true, "must be true for one upstream only");
  }
  return configs.map((config, i) => parseUpstream(config, `upstreams[${i}]`));
}

function assertUnique(
  configs: readonly UpstreamConfig[],
  key: "name" | "prefix" | "host",
): void {
  const values = configs.map((config) => config[key]);
  for (const [i, value] of values.entries()) {
    if (value !== undefined && values.indexOf(value) !== i) {
      throw configurationError(`upstreams[${i}].${key}`, value, "must be unique");
    }
  }
}

function parseUpstream(config: UpstreamConfig, key: string): UpstreamSettings {
  if (config.prefix === undefined && config.host === undefined && !config.default) {
    throw configurationError(key, config, "must have a prefix, a host or default: true");
  }
  const upstream = parseBinding(config, key);
  return {
    upstream,
    prefix: parsePrefix(config.prefix, `${key}.prefix`),
    host: config.host,
    isDefault: config.default,
    namespaces: namespacesOf(config, upstream),
    credentials: parseCredentials(config.credentials, `${key}.credentials`),
  };
}

function parseBinding(config: UpstreamConfig, key: string): Upstream {
  assertOrigins([config.origin], config.insecure, () => `${key}.origin`);
  const profile = parseProfile(config, `${key}.profile`);
  const origins = (
    name: "tokenOrigins" | "blobOrigins" | "uploadOrigins",
    preset: readonly string[],
  ): readonly string[] => {
    const given = config[name] ?? preset;
    const named = given.filter((origin) => name !== "blobOrigins" || origin !== "*");
    assertOrigins(named, config.insecure, (i) => `${key}.${name}[${i}]`);
    return given;
  };
  return {
    name: config.name,
    origin: config.origin,
    profile,
    // a borrowed profile binds no credential: its token service is another operator's
    tokenOrigins: origins("tokenOrigins", ownTokenOrigins(config.origin)),
    blobOrigins: origins("blobOrigins", ["*"]),
    uploadOrigins: origins("uploadOrigins", []),
    insecure: config.insecure,
  };
}

function ownTokenOrigins(origin: string): readonly string[] {
  return profileForHost(new URL(origin).host).tokenOrigins;
}

function parseProfile({ profile, origin }: UpstreamConfig, key: string): RegistryProfile {
  if (profile === undefined) return profileForHost(new URL(origin).host);
  const known = [GENERIC_PROFILE, ...PROFILES];
  const found = known.find(({ name }) => name === profile);
  if (found !== undefined) return found;
  const names = known.map(({ name }) => name).join(", ");
  throw configurationError(key, profile, `must be one of ${names}`);
}

function assertOrigins(
  origins: readonly string[],
  allowHttp: boolean,
  keyOf: (i: number) => string,
): void {
  for (const [i, origin] of origins.entries()) {
    const problem = originProblem(origin, allowHttp);
    if (problem !== undefined) throw configurationError(keyOf(i), origin, problem);
  }
}

function parsePrefix(prefix: string | undefined, key: string): string | undefined {
  if (prefix === undefined) return undefined;
  try {
    return parseRepositoryName(prefix);
  } catch (error) {
    if (!isTidegateError(error)) throw error;
    throw configurationError(key, prefix, "must be a repository name by the grammar of OCI");
  }
}

/** What `?ns=` may say to mean this upstream: nothing outside the configuration and its profile. */
function namespacesOf(config: UpstreamConfig, upstream: Upstream): readonly string[] {
  const { hosts, origin } = upstream.profile;
  // hosts without an origin of their own are many registries, not names of this one
  const aliases = origin === undefined ? [] : hosts;
  const own = [config.prefix, new URL(config.origin).host, ...aliases];
  return [...new Set(own.filter((name) => name !== undefined))];
}

function parseCredentials(
  config: UpstreamConfig["credentials"],
  key: string,
): CredentialSettings | undefined {
  if (config === undefined) return undefined;
  const { username, password, token } = config;
  if (token !== undefined && username === undefined && password === undefined) {
    return { kind: "bearer", token };
  }
  if (username === undefined || password === undefined || token !== undefined) {
    throw configurationError(key, config, "must have username and password, or token alone");
  }
  return { kind: "basic", username, password };
}
