import { type Secret, TidegateError, type Upstream } from "../core/mod.ts";
import { pullManifestRequest, readPullManifestHead } from "../distribution/mod.ts";
import { responseFailure } from "../client/mod.ts";
import type { Digest } from "../reference/mod.ts";
import type { WebhookSenderSettings } from "../settings/mod.ts";
import {
  consoleEventSink,
  createWebhookReceiver,
  type DigestResolver,
  durableDeliveries,
  type EventSink,
  isNotThere,
  queueSink,
  type SenderOptions,
  type WebhookReceiver,
} from "../webhook/mod.ts";
import { tagPurger } from "./cached_manifest.ts";
import { type DoorEnvironment, EVENTS_BINDING } from "./env.ts";
import type { FrontDoorOptions } from "./options.ts";
import { type DoorServices, sendTo } from "./services.ts";

/**
 * Make the door's receiver of webhooks, if it is to have one.
 *
 * @throws {TidegateError} CONFIGURATION when a secret is missing or unfit, or the queue is not bound.
 */
export function bindWebhooks(
  services: DoorServices,
  environment: DoorEnvironment,
  options: FrontDoorOptions,
): WebhookReceiver | undefined {
  const { settings: { webhooks }, clock, fetch, observer } = services;
  if (webhooks === undefined) return undefined;
  const { path, dockerHub, github, perMinute } = webhooks;
  const bind = (sender: WebhookSenderSettings): SenderOptions =>
    bindSender(sender, services, environment, options);
  const { deliveries } = environment;
  return createWebhookReceiver({
    ...{ path, clock, fetch, observer },
    dockerHub: dockerHub && { ...bind(dockerHub), callbackOrigins: dockerHub.callbackOrigins },
    github: github && bind(github),
    sinks: [...configuredSinks(webhooks.events, environment), ...options.sinks ?? []],
    deliveries: options.deliveries ?? (deliveries && durableDeliveries(deliveries)),
    limits: { perMinute },
  });
}

function bindSender(
  { upstream, secrets }: WebhookSenderSettings,
  services: DoorServices,
  environment: DoorEnvironment,
  options: FrontDoorOptions,
): SenderOptions {
  const purger = options.tagPurger?.(upstream) ??
    tagPurger(services, findUpstream(services, upstream));
  return {
    secrets: secrets.map((reference): Secret => environment.secret(reference)),
    registry: upstream,
    resolve: upstreamResolver(services, upstream),
    ...(purger && { purger }),
  };
}

function findUpstream({ settings }: DoorServices, name: string): Upstream {
  const found = settings.upstreams.find(({ upstream }) => upstream.name === name);
  if (found === undefined) throw new TypeError(`There is no upstream ${name}`); // settings know better
  return found.upstream;
}

/** HEAD over the door's own way to the upstream: its credentials, its tokens, its breaker. */
function upstreamResolver(services: DoorServices, name: string): DigestResolver {
  const upstream = findUpstream(services, name);
  return async (repository, reference, signal) => {
    const target = { origin: upstream.origin, repository };
    const request = pullManifestRequest(target, reference, { method: "HEAD", signal });
    const response = await sendTo(services, upstream)(request);
    if (response.status === 200) {
      response.release();
      return requireDigest(readPullManifestHead(200, response.headers).digest);
    }
    const failure = await responseFailure(response, repository, services.clock, signal);
    if (isNotThere(failure)) return undefined;
    throw failure;
  };
}

/** It is there, but what it is nobody said. */
function requireDigest(digest: Digest | undefined): Digest {
  if (digest !== undefined) return digest;
  const what = "Docker-Content-Digest";
  const reason = "must be there";
  throw new TidegateError("INVALID_RESPONSE", `${what} ${reason}`, { what, input: "", reason });
}

function configuredSinks(
  events: "queue" | "console" | "off" | undefined,
  { events: queue }: DoorEnvironment,
): readonly EventSink[] {
  if (events === "off") return [];
  if (queue !== undefined && events !== "console") return [queueSink(queue)];
  if (events !== "queue") return [consoleEventSink()];
  const reason = `must not be "queue" where no queue is bound as ${EVENTS_BINDING}`;
  const key = "webhooks.events";
  throw new TidegateError("CONFIGURATION", `The key ${key} ${reason}`, { key, reason });
}
