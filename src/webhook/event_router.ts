import type { Clock } from "../core/mod.ts";
import { observe, type Observer } from "../observability/mod.ts";
import type { Digest } from "../reference/mod.ts";
import type { EventBus } from "./event_bus.ts";
import type { ImageFacts, RegistryEvent } from "./event.ts";
import type { DeleteNotice, Notice, PushNotice, VulnerabilityNotice } from "./notice.ts";
import type { DigestResolver } from "./resolve_digest.ts";
import type { TagPurger } from "../kv/mod.ts";
import { NO_TAGS } from "./tag_purger.ts";
import { failureName, withinDeadline } from "./within_deadline.ts";

/** Where notices of one sender belong. */
export interface NoticeOrigin {
  /** Name of the sender, for events. */
  readonly source: string;
  /** Name of the upstream, or host of the registry, for events. */
  readonly registry: string;
  /** Asks that registry. Without it nothing is confirmed, and no deletion is published. */
  readonly resolve?: DigestResolver | undefined;
  /** Default is none. */
  readonly purger?: TagPurger | undefined;
}

/**
 * What became of a notice. `unconfirmed`: the registry says otherwise, and nobody was told.
 * `undelivered`: it can come again, because every subscriber failed or the registry could not be
 * asked.
 */
export type Routed = "published" | "unconfirmed" | "undelivered";

/** Takes notices, asks the registry about them, and publishes what holds. */
export interface EventRouter {
  /** Never rejects. */
  route(notice: Notice, origin: NoticeOrigin): Promise<Routed>;
}

/** What {@linkcode createEventRouter} is made of. */
export interface EventRouterOptions {
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly observer?: Observer | undefined;
}

const RESOLVE_MS = 3_000;
const PURGE_MS = 1_000;

/** What the registry says: a digest, that it is not there, or nothing. */
type Answered = Digest | "absent" | "unknown";

/** Make the router. */
export function createEventRouter(options: EventRouterOptions): EventRouter {
  return {
    async route(notice, origin): Promise<Routed> {
      const routing = { ...options, origin };
      switch (notice.kind) {
        case "push":
          return await routePush(routing, notice);
        case "delete":
          return await routeDelete(routing, notice);
        case "vulnerability":
          return await routeVulnerability(routing, notice);
      }
    },
  };
}

/** What one notice is routed with. */
interface Routing extends EventRouterOptions {
  readonly origin: NoticeOrigin;
}

async function routePush(routing: Routing, notice: PushNotice): Promise<Routed> {
  await purge(routing, notice.repository, notice.hasMoreTags ? undefined : notice.tag);
  const answered = await ask(routing, notice);
  if (answered === "absent") return "unconfirmed";
  const digest = answered === "unknown" ? undefined : answered;
  return await publish(routing, { type: "image.pushed", ...factsOf(routing, notice), digest });
}

/** A deletion makes subscribers delete: it is published only when the registry finds it no longer. */
async function routeDelete(routing: Routing, notice: DeleteNotice): Promise<Routed> {
  await purge(routing, notice.repository, notice.tag);
  const answered = await ask(routing, notice);
  if (answered === "unknown") return "undelivered";
  if (answered !== "absent") return "unconfirmed";
  const { digest } = notice;
  return await publish(routing, { type: "image.deleted", ...factsOf(routing, notice), digest });
}

async function routeVulnerability(
  routing: Routing,
  notice: VulnerabilityNotice,
): Promise<Routed> {
  const { digest, severities } = notice;
  const facts = factsOf(routing, notice);
  return await publish(routing, { type: "image.scanned", ...facts, digest, severities });
}

function factsOf(
  { clock, origin: { source, registry } }: Routing,
  { repository, tag, pusher, timestamp }: Notice,
): ImageFacts {
  return { source, registry, repository, tag, pusher, timestamp: timestamp ?? clock.now() };
}

async function purge(
  { clock, observer, origin: { purger = NO_TAGS } }: Routing,
  repository: string,
  tag: string | undefined,
): Promise<void> {
  try {
    const work = (): void | Promise<void> => purger.purge(repository, tag);
    await withinDeadline(work, PURGE_MS, { clock, what: "cache of tags" });
  } catch (error) {
    observe(observer, { type: "webhook.failed", part: "purge", reason: failureName(error) });
  }
}

async function ask(
  { clock, observer, origin: { resolve } }: Routing,
  { repository, tag, digest }: PushNotice | DeleteNotice,
): Promise<Answered> {
  const reference = tag ?? digest;
  if (resolve === undefined || reference === undefined) return "unknown";
  try {
    const work = (signal: AbortSignal): Promise<Digest | undefined> =>
      resolve(repository, reference, signal);
    return await withinDeadline(work, RESOLVE_MS, { clock, what: "registry" }) ?? "absent";
  } catch (error) {
    observe(observer, { type: "webhook.failed", part: "resolve", reason: failureName(error) });
    return "unknown";
  }
}

async function publish({ bus }: Routing, event: RegistryEvent): Promise<Routed> {
  const { delivered, failed } = await bus.publish(event);
  return failed > 0 && delivered === 0 ? "undelivered" : "published";
}
