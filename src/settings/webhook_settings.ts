import { configurationError } from "./configuration_error.ts";
import type { WebhooksConfig, WebhookSenderConfig } from "./front_door_schema.ts";
import type { WebhookSenderSettings, WebhookSettings } from "./front_door_settings.ts";
import { originProblem } from "./origin_rule.ts";

/**
 * Check what the shape of `webhooks` does not say.
 *
 * @param upstreams Names of the configured upstreams.
 * @throws {TidegateError} CONFIGURATION when a sender has no secret, or names no upstream; when a
 * callback origin is none, or plain http.
 */
export function parseWebhooks(
  { path, events, perMinute, dockerHub, github }: WebhooksConfig,
  upstreams: readonly string[],
): WebhookSettings {
  const hub = dockerHub && {
    ...parseSender(dockerHub, "webhooks.dockerHub", upstreams),
    callbackOrigins: parseCallbackOrigins(dockerHub.callbackOrigins),
  };
  return {
    ...{ path, events, perMinute },
    dockerHub: hub,
    github: github && parseSender(github, "webhooks.github", upstreams),
  };
}

function parseSender(
  { upstream, secret, secrets }: WebhookSenderConfig,
  key: string,
  upstreams: readonly string[],
): WebhookSenderSettings {
  if (!upstreams.includes(upstream)) {
    throw configurationError(`${key}.upstream`, upstream, "must be the name of an upstream");
  }
  const all = secret === undefined ? secrets ?? [] : [secret];
  if (all.length === 0 || (secret !== undefined && secrets !== undefined)) {
    throw configurationError(`${key}.secrets`, secrets, "must have a secret, or stand for secret");
  }
  return { upstream, secrets: all };
}

function parseCallbackOrigins(origins: readonly string[]): readonly string[] {
  for (const [i, origin] of origins.entries()) {
    const problem = originProblem(origin, false);
    if (problem === undefined) continue;
    throw configurationError(`webhooks.dockerHub.callbackOrigins[${i}]`, origin, problem);
  }
  return origins;
}
