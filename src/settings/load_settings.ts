import { isTidegateError } from "../core/mod.ts";
import { deepFreeze } from "./deep_freeze.ts";
import { parseFrontDoorConfig } from "./front_door_config.ts";
import { readFrontDoorText } from "./front_door_text.ts";
import type { HubSettings } from "./hub_settings.ts";
import type { Environment } from "./interpolate.ts";
import { readHubConfig } from "./read_hub_config.ts";
import { parseYaml, type YamlValue } from "./yaml_text.ts";

/** Where settings come from. Nothing is read but what is given. */
export interface SettingsSources {
  /** Environment variables. Default is none. */
  readonly env?: Environment | undefined;
  /** The configuration file's text: YAML or JSON. Default is none. */
  readonly text?: string | undefined;
  /** Other names for the variables of credentials. Default is `DOCKER_HUB_USERNAME` and so on. */
  readonly variables?:
    | {
      readonly username?: string | undefined;
      readonly password?: string | undefined;
      readonly accessToken?: string | undefined;
    }
    | undefined;
}

/** Settings, and what should be written otherwise. */
export interface LoadedSettings {
  readonly settings: HubSettings;
  readonly warnings: readonly string[];
}

/**
 * Settings out of environment, file and defaults, in that order of precedence. Pure.
 *
 * @returns Settings, frozen all the way down.
 * @throws {TidegateError} CONFIGURATION, the first problem: a key that is unknown, given twice or
 * breaks its rule. The message names the key, the kind of its value and the rule, never the value.
 */
export function loadSettings(sources: SettingsSources = {}): LoadedSettings {
  const { env = {}, text = "", variables = {} } = sources;
  const names = {
    "auth.username": variables.username,
    "auth.password": variables.password,
    "auth.access_token": variables.accessToken,
  };
  const renamed = Object.fromEntries(
    Object.entries(names).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const { settings, problems: [problem], warnings } = readHubConfig(parseYaml(text), env, renamed);
  if (settings === undefined) throw problem;
  return { settings: deepFreeze(settings), warnings };
}

/** What is to be said about a configuration file. */
export interface ConfigReport {
  /** `front-door`: what `createFrontDoor` takes; `client`: what {@linkcode loadSettings} takes. */
  readonly kind: "front-door" | "client";
  /** Each names its key. Empty: the file is right. */
  readonly problems: readonly { readonly key: string; readonly message: string }[];
  readonly warnings: readonly string[];
}

/** Keys that only a front door's configuration has. */
const DOOR_KEYS: readonly string[] = ["upstreams", "access", "sealingKeys", "cors", "ranges"];

/**
 * Check a configuration file of either kind. Never throws.
 *
 * @param env For `${NAME}`: what is not set there counts as absent.
 */
export function checkConfigText(text: string, env: Environment = {}): ConfigReport {
  try {
    const root = parseYaml(text);
    if (isDoor(root)) return checkDoor(text);
    const { problems, warnings } = readHubConfig(root, env);
    return { kind: "client", problems: problems.map(toProblem), warnings };
  } catch (error) {
    return { kind: "client", problems: [toProblem(error)], warnings: [] };
  }
}

function isDoor(root: YamlValue): boolean {
  return typeof root === "object" && root !== null && DOOR_KEYS.some((key) => key in root);
}

function checkDoor(text: string): ConfigReport {
  try {
    parseFrontDoorConfig(readFrontDoorText(text));
    return { kind: "front-door", problems: [], warnings: [] };
  } catch (error) {
    return { kind: "front-door", problems: [toProblem(error)], warnings: [] };
  }
}

function toProblem(error: unknown): ConfigReport["problems"][number] {
  if (!isTidegateError(error, "CONFIGURATION")) throw error;
  return { key: error.details.key, message: error.message };
}
