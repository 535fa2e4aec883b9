/**
 * Webhooks of Docker Hub and GitHub: proven, asked about, and handed on as events, once.
 *
 * In: a `Request` of a sender. Out: `RegistryEvent`s to subscribers. Next: `front` mounts it; queues,
 * logs and functions take the events.
 * @module
 */
export type { WebhookAnswer, WebhookOutcome, WebhookRefusal } from "./answer.ts";
export { callbackSink, type CallbackSinkOptions } from "./callback_sink.ts";
export { consoleEventSink, type ConsoleEventSinkOptions } from "./console_sink.ts";
export {
  DELIVERY_KEPT_MS,
  type DeliveryStore,
  type MemoryDeliveries,
  memoryDeliveries,
  type MemoryDeliveriesOptions,
} from "./deliveries.ts";
export {
  createEventBus,
  type EventBus,
  type EventBusOptions,
  type Published,
} from "./event_bus.ts";
export {
  createEventRouter,
  type EventRouter,
  type EventRouterOptions,
  type NoticeOrigin,
  type Routed,
} from "./event_router.ts";
export type {
  EventSink,
  ImageDeleted,
  ImageFacts,
  ImagePushed,
  RegistryEvent,
  RegistryEventType,
  VulnerabilitiesFound,
  WebhookProvider,
} from "./event.ts";
export { readGithubNotice } from "./github_notice.ts";
export { type HubNotice, readHubNotice } from "./hub_notice.ts";
export type { DeleteNotice, Notice, PushNotice, VulnerabilityNotice } from "./notice.ts";
export type {
  HubSenderOptions,
  SenderOptions,
  WebhookLimits,
  WebhookReceiverOptions,
} from "./options.ts";
export { type QueueBinding, queueSink } from "./queue_sink.ts";
export { createWebhookReceiver, type WebhookContext, type WebhookReceiver } from "./receiver.ts";
export { type DigestResolver, isNotThere, registryResolver } from "./resolve_digest.ts";
export { createSignatureVerifier, type SignatureVerifier } from "./signature.ts";
export type { SeverityCounts } from "../attestation/mod.ts";
export type { TagPurger } from "../kv/mod.ts";
export { NO_TAGS } from "./tag_purger.ts";
export {
  type DeliveriesNamespace,
  type DeliveriesState,
  durableDeliveries,
  WebhookDeliveries,
} from "./webhook_deliveries.ts";
