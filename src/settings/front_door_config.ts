import * as v from "valibot";
import { decodeHex, parseJson } from "../core/mod.ts";
import { type AccessRule, parseAccessRule } from "./access_rule.ts";
import { configurationError } from "./configuration_error.ts";
import { deepFreeze } from "./deep_freeze.ts";
import { type FrontDoorConfig, frontDoorSchema } from "./front_door_schema.ts";
import type { AccessSettings, FrontDoorSettings } from "./front_door_settings.ts";
import { originProblem } from "./origin_rule.ts";
import { parseUpstreams } from "./upstream_settings.ts";
import { parseWebhooks } from "./webhook_settings.ts";

/**
 * Check a front door's configuration and fill in the defaults.
 *
 * Access denies by default: without `access` nobody may do anything, without `upstreams` there is
 * nothing to reach. Secrets are names; their values are looked up when the door starts.
 *
 * @param json The document as JSON text, or already parsed.
 * @returns Settings, frozen all the way down.
 * @throws {TidegateError} CONFIGURATION when a key is unknown, not implemented, or breaks its rule.
 * The message names the key, the kind of its value and the rule, never the value.
 */
export function parseFrontDoorConfig(json: unknown): FrontDoorSettings {
  const config = checkShape(typeof json === "string" ? parseText(json) : json);
  const upstreams = parseUpstreams(config.upstreams);
  const names = upstreams.map(({ upstream }) => upstream.name);
  return deepFreeze<FrontDoorSettings>({
    upstreams,
    hosts: config.hosts,
    access: parseAccess(config.access, names),
    ranges: config.ranges,
    sealingKeys: config.sealingKeys,
    cors: { origins: parseCorsOrigins(config) },
    cache: parseCache(config.cache),
    limits: config.limits,
    webhooks: config.webhooks && parseWebhooks(config.webhooks, names),
  });
}

function parseText(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    // JSON.parse quotes the text around the fault, which may be a secret
    throw configurationError("", text, "must be JSON without comments and without repeated keys");
  }
}

function checkShape(json: unknown): FrontDoorConfig {
  const result = v.safeParse(frontDoorSchema, json, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const last = issue.path?.at(-1);
  throw configurationError(
    formatPath(issue.path ?? []),
    last === undefined ? json : last.value,
    issue.message,
  );
}

function formatPath(path: readonly { readonly key?: unknown }[]): string {
  return path.reduce<string>((text, { key }) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? String(key) : `${text}.${String(key)}`;
  }, "");
}

function parseAccess(
  config: FrontDoorConfig["access"],
  upstreams: readonly string[],
): AccessSettings {
  const digests = config.tokens.map(({ sha256 }) => sha256);
  return {
    anonymous: parseRules(config.anonymous, "access.anonymous", upstreams),
    tokens: config.tokens.map(({ name, sha256, allow }, i) => {
      if (digests.indexOf(sha256) !== i) {
        throw configurationError(`access.tokens[${i}].sha256`, sha256, "must be unique");
      }
      const rules = parseRules(allow, `access.tokens[${i}].allow`, upstreams);
      return { name, sha256: decodeHex(sha256), allow: rules };
    }),
  };
}

function parseRules(
  texts: readonly string[],
  key: string,
  upstreams: readonly string[],
): readonly AccessRule[] {
  return texts.map((text, i) => {
    const rule = parseAccessRule(text);
    if (typeof rule === "string") throw configurationError(`${key}[${i}]`, text, rule);
    if (rule.upstream !== "*" && !upstreams.includes(rule.upstream)) {
      throw configurationError(`${key}[${i}]`, text, "must start with the name of an upstream");
    }
    return rule;
  });
}

function parseCache(
  { pullReserve, staleIfErrorSeconds, tagTtlSeconds }: FrontDoorConfig["cache"],
): FrontDoorSettings["cache"] {
  if (staleIfErrorSeconds > 0 && tagTtlSeconds === 0) {
    const rule = "must be 0 where cache.tagTtlSeconds is: nothing is kept then";
    throw configurationError("cache.staleIfErrorSeconds", staleIfErrorSeconds, rule);
  }
  return { pullReserve, staleIfErrorSeconds, tagTtlSeconds };
}

function parseCorsOrigins({ cors, access }: FrontDoorConfig): readonly string[] {
  for (const [i, origin] of cors.origins.entries()) {
    const key = `cors.origins[${i}]`;
    if (origin === "*" && access.tokens.length > 0) {
      throw configurationError(key, origin, "must not be * where access has tokens");
    }
    const problem = origin === "*" ? undefined : originProblem(origin, true);
    if (problem !== undefined) throw configurationError(key, origin, problem);
  }
  return cors.origins;
}
