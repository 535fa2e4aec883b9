import * as v from "valibot";
import { originProblem } from "./origin_rule.ts";

/** One key of the configuration file, as it is written there. */
export interface SettingKey {
  /** Dotted: `resilience.timeout_seconds`. */
  readonly path: string;
  /** Where else it may stand: accepted with a warning. */
  readonly flat?: string | undefined;
  /** The environment variable that overrides it. */
  readonly variable?: string | undefined;
  /** Absent: there is none. */
  readonly preset?: string | number | boolean | undefined;
  readonly schema: v.GenericSchema<unknown, unknown>;
}

const MAX_TEXT_LENGTH = 4096;

function origin(path: string, variable: string, preset: string): SettingKey {
  const rule = "must be an https origin: scheme, host and port, lower case, no path";
  const schema = v.pipe(
    v.string(rule),
    v.maxLength(MAX_TEXT_LENGTH, rule),
    v.transform((text) => text.replace(/\/$/, "")),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const problem = originProblem(dataset.value, false);
      if (problem !== undefined) addIssue({ message: problem });
    }),
  );
  return { path, variable, preset, schema };
}

function whole(
  path: string,
  preset: number,
  [least, most]: readonly [number, number],
  variable?: string,
): SettingKey {
  const rule = `must be a whole number from ${least} to ${most}`;
  const schema = v.pipe(
    // from a variable it comes as text
    v.union([v.number(), v.pipe(v.string(), v.regex(/^\d{1,15}$/), v.transform(Number))], rule),
    v.safeInteger(rule),
    v.minValue(least, rule),
    v.maxValue(most, rule),
  );
  return { path, flat: lastOf(path), variable, preset, schema };
}

function flag(path: string, preset: boolean, flat: string | undefined = lastOf(path)): SettingKey {
  const rule = "must be true or false";
  const word = v.pipe(v.picklist(["true", "false"]), v.transform((text) => text === "true"));
  return { path, flat, preset, schema: v.union([v.boolean(), word], rule) };
}

function text(path: string, pattern: RegExp, rule: string, variable: string): SettingKey {
  const schema = v.pipe(v.string(rule), v.maxLength(MAX_TEXT_LENGTH, rule), v.regex(pattern, rule));
  return { path, flat: lastOf(path), variable, schema };
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1);
}

const SECRET_RULE = "must be a text of 1 to 4096 characters without control characters";
const SECRET = /^[^\u0000-\u001f\u007f]+$/;
const DAY_SECONDS = 86_400;
const LEVEL_RULE = "must be debug, info, warn or error";

/** Every key there is. A key that is not here is refused. */
export const SETTING_KEYS: readonly SettingKey[] = [
  origin("hub_url", "DOCKER_HUB_URL", "https://hub.docker.com"),
  origin("registry_url", "DOCKER_REGISTRY_URL", "https://registry-1.docker.io"),
  origin("auth_url", "DOCKER_AUTH_URL", "https://auth.docker.io"),
  text(
    "auth.username",
    /^[^:\u0000-\u001f\u007f]+$/, // RFC 7617 2
    "must be a text without colons and control characters",
    "DOCKER_HUB_USERNAME",
  ),
  text("auth.password", SECRET, SECRET_RULE, "DOCKER_HUB_PASSWORD"),
  text("auth.access_token", SECRET, SECRET_RULE, "DOCKER_HUB_ACCESS_TOKEN"),
  whole("resilience.timeout_seconds", 60, [1, 3600], "DOCKER_TIMEOUT_SECONDS"),
  whole("resilience.max_retries", 3, [0, 20], "DOCKER_MAX_RETRIES"),
  circuit("failure_threshold", 5, 1000),
  circuit("success_threshold", 2, 1000),
  circuit("reset_timeout_seconds", 30, 3600),
  whole("upload.chunk_size_mb", 5, [1, 512], "DOCKER_CHUNK_SIZE_MB"),
  whole("upload.max_concurrent_uploads", 5, [1, 100]),
  whole("upload.max_concurrent_downloads", 10, [1, 100]),
  flag("cache.enabled", true, undefined),
  whole("cache.manifest_ttl_seconds", 300, [0, 30 * DAY_SECONDS]),
  whole("cache.tag_ttl_seconds", 60, [0, 30 * DAY_SECONDS]),
  whole("rate_limit.low_threshold", 10, [0, 1_000_000]),
  flag("rate_limit.track_headers", true),
  flag("observability.trace_requests", true),
  {
    path: "observability.log_level",
    flat: "log_level",
    variable: "TIDEGATE_LOG",
    preset: "info",
    schema: v.picklist(["debug", "info", "warn", "error"], LEVEL_RULE),
  },
  {
    path: "observability.redact_credentials",
    flat: "redact_credentials",
    preset: true,
    schema: v.union(
      [v.literal(true), v.literal("true")],
      "must be true: redaction cannot be switched off",
    ),
  },
];

function circuit(name: string, preset: number, most: number): SettingKey {
  const key = whole(`resilience.circuit_breaker.${name}`, preset, [1, most]);
  return { ...key, flat: `circuit_breaker.${name}` };
}

/** Keys whose values are never shown and never interpolated into anything else. */
export const SECRET_PATHS: readonly string[] = ["auth.password", "auth.access_token"];
