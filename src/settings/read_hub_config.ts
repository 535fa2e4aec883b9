import * as v from "valibot";
import { isTidegateError, Secret, type TidegateError } from "../core/mod.ts";
import { configurationError } from "./configuration_error.ts";
import type { HubAuthSettings, HubSettings } from "./hub_settings.ts";
import { type Environment, interpolate, variableOf } from "./interpolate.ts";
import { SECRET_PATHS, SETTING_KEYS, type SettingKey } from "./setting_keys.ts";
import type { YamlValue } from "./yaml_text.ts";

/** What came of reading a configuration. */
export interface HubConfigReport {
  /** Absent when there are problems. */
  readonly settings: HubSettings | undefined;
  /** In the order of the file, then of the table of keys. */
  readonly problems: readonly TidegateError<"CONFIGURATION">[];
  /** Sentences about what is accepted and should be written otherwise. */
  readonly warnings: readonly string[];
}

/** A value, and where it was given. */
interface Given {
  /** As the file writes it, or the variable's name. */
  readonly where: string;
  readonly value: unknown;
}

interface Reading {
  readonly env: Environment;
  readonly variables: Readonly<Record<string, string>>;
  readonly problems: TidegateError<"CONFIGURATION">[];
  readonly warnings: string[];
}

const ROOT = "docker_hub";

/**
 * Read the section `docker_hub`, or a file that is just its content, below the environment and above
 * the defaults. Collects problems rather than throwing them.
 *
 * @param variables By a key's path, the variable to read instead of the documented one.
 */
export function readHubConfig(
  root: YamlValue,
  env: Environment,
  variables: Readonly<Record<string, string>> = {},
): HubConfigReport {
  const reading: Reading = { env, variables, problems: [], warnings: [] };
  const inFile = collect(reading, root);
  const inEnv = collectVariables(reading);
  // a secret of the environment is not mixed with one of the file
  if (SECRET_PATHS.some((path) => inEnv.has(path))) {
    for (const path of SECRET_PATHS) inFile.delete(path);
  }
  const given = new Map([...inFile, ...inEnv]);
  const values = new Map(SETTING_KEYS.map((key) => [key.path, check(reading, key, given)]));
  const auth = attempt(reading, () => readAuth(values));
  const { problems, warnings } = reading;
  const settings = problems.length === 0 ? toSettings(values, auth) : undefined;
  return { settings, problems, warnings };
}

function attempt<T>({ problems }: Reading, step: () => T): T | undefined {
  try {
    return step();
  } catch (error) {
    if (!isTidegateError(error, "CONFIGURATION")) throw error;
    problems.push(error);
    return undefined;
  }
}

/** The keys of the file by path, with variables put in. */
function collect(reading: Reading, root: YamlValue): Map<string, Given> {
  const found = new Map<string, Given>();
  attempt(reading, () => {
    if (root === null) return;
    if (!isObject(root)) throw configurationError("", root, "must be an object");
    const [section, prefix] = ROOT in root ? [onlySection(root), `${ROOT}.`] : [root, ""];
    if (section !== null) walk(reading, section, prefix, "", found);
  });
  return found;
}

function onlySection(root: { readonly [key: string]: YamlValue }): YamlValue {
  const other = Object.keys(root).find((key) => key !== ROOT);
  if (other !== undefined) throw configurationError(other, root[other], `stands beside ${ROOT}`);
  return root[ROOT] ?? null;
}

function walk(
  reading: Reading,
  value: YamlValue,
  prefix: string,
  path: string,
  found: Map<string, Given>,
): void {
  const where = `${prefix}${path}`.replace(/\.$/, "");
  const key = SETTING_KEYS.find((one) => one.path === path || one.flat === path);
  if (key !== undefined) {
    attempt(reading, () => take(reading, key, path, { where, value }, found));
  } else if (isObject(value) && (path === "" || isGroup(path))) {
    for (const [name, inner] of Object.entries(value)) {
      walk(reading, inner, prefix, path === "" ? name : `${path}.${name}`, found);
    }
  } else if (value !== null || !isGroup(path)) {
    const rule = path === "" || isGroup(path)
      ? "must be an object"
      : "is not a key that tidegate implements";
    reading.problems.push(configurationError(where, value, rule));
  }
}

/** An object of keys, also one that stands where it did in the flat form. */
function isGroup(path: string): boolean {
  return SETTING_KEYS.some((key) =>
    key.path.startsWith(`${path}.`) || key.flat?.startsWith(`${path}.`)
  );
}

function take(
  { env, warnings }: Reading,
  key: SettingKey,
  path: string,
  { where, value }: Given,
  found: Map<string, Given>,
): void {
  if (value === null) return;
  const known = typeof value === "string" ? interpolate(value, where, env) : value;
  if (path !== key.path) warnings.push(`${where} is accepted, but belongs at ${key.path}`);
  if (found.has(key.path)) throw configurationError(where, value, `is given at ${key.path}, too`);
  if (known !== undefined) found.set(key.path, { where, value: known });
}

function collectVariables({ env, variables }: Reading): Map<string, Given> {
  const found = new Map<string, Given>();
  for (const { path, variable } of SETTING_KEYS) {
    const name = Object.hasOwn(variables, path) ? variables[path] : variable;
    const value = name === undefined ? undefined : variableOf(env, name);
    if (name !== undefined && value !== undefined) found.set(path, { where: name, value });
  }
  return found;
}

function check(
  reading: Reading,
  { path, preset, schema }: SettingKey,
  given: ReadonlyMap<string, Given>,
): unknown {
  const found = given.get(path);
  if (found === undefined) return preset;
  const result = v.safeParse(schema, found.value, { abortEarly: true });
  if (result.success) return result.output;
  const [{ message }] = result.issues;
  reading.problems.push(configurationError(found.where, found.value, message));
  return undefined;
}

/** A token goes before a password. Half of a pair is a mistake, never anonymous. */
function readAuth(values: ReadonlyMap<string, unknown>): HubAuthSettings | undefined {
  const username = values.get("auth.username") as string | undefined;
  const password = values.get("auth.password") as string | undefined;
  const token = values.get("auth.access_token") as string | undefined;
  const secret = token ?? password;
  if (username === undefined && secret === undefined) return undefined;
  if (username === undefined) {
    throw configurationError("auth.username", undefined, "is required with a password or token");
  }
  if (secret === undefined) {
    const rule = "must have a password or an access_token beside the username";
    throw configurationError("auth", {}, rule);
  }
  const kind = token === undefined ? "password" : "access_token";
  return { kind, username, secret: new Secret(secret) };
}

/** Every value has been checked by its schema. */
function toSettings(
  values: ReadonlyMap<string, unknown>,
  auth: HubAuthSettings | undefined,
): HubSettings {
  const get = <T>(path: string): T => values.get(path) as T;
  const circuit = (name: string): number => get(`resilience.circuit_breaker.${name}`);
  return {
    hubUrl: get("hub_url"),
    registryUrl: get("registry_url"),
    authUrl: get("auth_url"),
    auth,
    resilience: {
      timeoutSeconds: get("resilience.timeout_seconds"),
      maxRetries: get("resilience.max_retries"),
      circuitBreaker: {
        failureThreshold: circuit("failure_threshold"),
        successThreshold: circuit("success_threshold"),
        resetTimeoutSeconds: circuit("reset_timeout_seconds"),
      },
    },
    upload: {
      chunkSizeMb: get("upload.chunk_size_mb"),
      maxConcurrentUploads: get("upload.max_concurrent_uploads"),
      maxConcurrentDownloads: get("upload.max_concurrent_downloads"),
    },
    cache: {
      enabled: get("cache.enabled"),
      manifestTtlSeconds: get("cache.manifest_ttl_seconds"),
      tagTtlSeconds: get("cache.tag_ttl_seconds"),
    },
    rateLimit: {
      lowThreshold: get("rate_limit.low_threshold"),
      trackHeaders: get("rate_limit.track_headers"),
    },
    observability: {
      traceRequests: get("observability.trace_requests"),
      logLevel: get("observability.log_level"),
    },
  };
}

function isObject(value: YamlValue): value is { readonly [key: string]: YamlValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
