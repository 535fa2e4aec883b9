import { isTidegateError } from "../core/mod.ts";
import { observe } from "../observability/mod.ts";
import {
  answerSender,
  refuseWebhook,
  type WebhookAnswer,
  type WebhookOutcome,
  type WebhookRefusal,
} from "./answer.ts";
import type { MemoryDeliveries } from "./deliveries.ts";
import { createEventBus, type EventBus } from "./event_bus.ts";
import {
  createEventRouter,
  type EventRouter,
  type NoticeOrigin,
  type Routed,
} from "./event_router.ts";
import { guardDeliveries } from "./guard_deliveries.ts";
import { answerHubCallback } from "./hub_callback.ts";
import type { Notice } from "./notice.ts";
import {
  type ReceiverSettings,
  resolveReceiverOptions,
  type WebhookReceiverOptions,
} from "./options.ts";
import { payloadForm } from "./payload.ts";
import { createHeldBytes, type HeldBytes } from "./held_bytes.ts";
import { createRateCap, type RateCap } from "./rate_cap.ts";
import { announcedBytes, giveUpBody, readWebhook } from "./read_webhook.ts";
import { githubSender, hubSender, type Reading, type Sender } from "./sender.ts";
import { failureName } from "./within_deadline.ts";

/** The part of a Worker's context that the receiver uses. */
export interface WebhookContext {
  /** Keep the request's resources alive until the promise settles. */
  waitUntil(promise: Promise<unknown>): void;
}

/** Takes webhooks, ready to be a Worker's default export or a server's handler. */
export interface WebhookReceiver {
  /** Where subscribers go. */
  readonly bus: EventBus;
  /** Answer one request, in under 10 seconds. Never rejects. */
  fetch(request: Request, env?: unknown, context?: WebhookContext): Promise<Response>;
  /** The same as plain data, for a server that adds headers of its own. */
  receive(request: Request, context?: WebhookContext): Promise<WebhookAnswer>;
  /**
   * Take a notice from elsewhere, whose sender the caller trusts: a scanner, a registry of one's own.
   * No provider sends scans, and GitHub documents no deletion.
   */
  accept(notice: Notice, origin: NoticeOrigin): Promise<Routed>;
}

/** What outlives one request. Values only. */
interface ReceiverState {
  readonly settings: ReceiverSettings;
  readonly senders: ReadonlyMap<string, Sender>;
  readonly router: EventRouter;
  readonly deliveries: MemoryDeliveries;
  /** By provider. */
  readonly sent: RateCap;
  /** By address. */
  readonly strangers: RateCap;
  readonly held: HeldBytes;
  readonly callbackOrigins: readonly string[];
}

const LEASE_MS = 25_000; // a body may take 20 seconds

/**
 * Make a receiver of webhooks from Docker Hub and GitHub.
 *
 * A payload is a hint. It counts only from a sender that proved itself (a secret in the path, a
 * signature over the raw bytes), once, and what it says is asked of the registry with our own
 * credentials before anybody is told.
 *
 * @throws {TidegateError} CONFIGURATION for secrets that are missing, short, or do not fit into a path.
 * @throws {TypeError} For a path or limits that are none.
 *
 * @example On any runtime with a `fetch` handler
 * ```ts
 * import { createRegistryClient, Secret } from "tidegate";
 * import { consoleEventSink, createWebhookReceiver, registryResolver } from "tidegate/webhook";
 *
 * export default createWebhookReceiver({
 *   github: {
 *     secrets: [new Secret("the secret that the webhook's settings have")],
 *     resolve: registryResolver(createRegistryClient(), "ghcr.io"),
 *   },
 *   sinks: [consoleEventSink()],
 * });
 * ```
 */
export function createWebhookReceiver(options: WebhookReceiverOptions): WebhookReceiver {
  const settings = resolveReceiverOptions(options);
  const bus = options.bus ?? createEventBus(settings);
  for (const sink of options.sinks ?? []) bus.subscribe(sink);
  const state = createState(options, settings, bus);
  const receive: WebhookReceiver["receive"] = (request, context) => {
    const work = answer(state, request);
    context?.waitUntil(work); // a sender that hangs up does not undo what it said
    return work;
  };
  return {
    bus,
    receive,
    async fetch(request, _env, context): Promise<Response> {
      const { status, headers, body } = await receive(request, context);
      return new Response(request.method === "HEAD" ? null : body, { status, headers });
    },
    accept: (notice, origin) => state.router.route(notice, origin),
  };
}

function createState(
  options: WebhookReceiverOptions,
  settings: ReceiverSettings,
  bus: EventBus,
): ReceiverState {
  const { clock, observer, limits } = settings;
  const { dockerHub, github } = options;
  const senders = [dockerHub && hubSender(dockerHub), github && githubSender(github)]
    .filter((sender) => sender !== undefined);
  const { strangersPerMinute } = limits;
  return {
    settings,
    senders: new Map(senders.map((sender) => [sender.provider, sender])),
    router: createEventRouter({ bus, clock, observer }),
    deliveries: guardDeliveries(options.deliveries, { clock, observer }),
    sent: createRateCap({ clock, ...limits }),
    strangers: createRateCap({ clock, perMinute: strangersPerMinute, burst: strangersPerMinute }),
    held: createHeldBytes({ clock, most: limits.heldBytes, leaseMs: LEASE_MS }),
    callbackOrigins: dockerHub?.callbackOrigins ?? [],
  };
}

/** A refusal that says how long to wait. */
interface Wait {
  readonly refusal: WebhookRefusal;
  readonly waitMs: number;
}

/** What a request came to. */
type Result = WebhookOutcome | { readonly refusal: WebhookRefusal } | Wait;

async function answer(state: ReceiverState, request: Request): Promise<WebhookAnswer> {
  const { observer } = state.settings;
  const [provider, segment] = endpointOf(new URL(request.url).pathname, state.settings.path);
  const sender = state.senders.get(provider);
  let reason: string | undefined;
  const result = await take(state, request, sender, segment).catch((error): Result => {
    reason = failureName(error);
    return { refusal: isTidegateError(error, "INVALID_WEBHOOK") ? "badPayload" : "failed" };
  });
  if (typeof result === "string") return answerSender(result);
  giveUpBody(request);
  const refused = refuseWebhook(result.refusal, "waitMs" in result ? result.waitMs : undefined);
  observe(observer, {
    type: "webhook.refused",
    provider: sender?.provider ?? "unknown",
    status: refused.status,
    reason: reason ?? result.refusal,
  });
  return refused;
}

/** `/hooks/github`, `/hooks/docker-hub/<secret>`: the provider, and what comes after it. */
function endpointOf(pathname: string, path: string): readonly [string, string | undefined] {
  const [provider = "", segment, ...more] = pathname.startsWith(`${path}/`)
    ? pathname.slice(path.length + 1).split("/")
    : [];
  const hasSecret = provider === "docker-hub";
  return more.length > 0 || hasSecret !== (segment !== undefined)
    ? ["", undefined]
    : [provider, segment];
}

/** From the cheapest check to the dearest; nothing is done for a stranger. */
async function take(
  state: ReceiverState,
  request: Request,
  sender: Sender | undefined,
  segment: string | undefined,
): Promise<Result> {
  const { settings, strangers } = state;
  const address = settings.addressOf(request);
  const waitMs = address === undefined ? 0 : strangers.wait(address);
  if (waitMs > 0) return { refusal: "tooMany", waitMs };
  const refuseStranger = (refusal: WebhookRefusal): Result => {
    if (address !== undefined) strangers.take(address);
    return { refusal };
  };
  if (sender === undefined) return refuseStranger("unknown");
  const isPost = request.method === "POST";
  if (!isPost && sender.refusal === "unauthorized") return { refusal: "badMethod" };
  if (!await sender.mayBe(segment, request.headers)) return refuseStranger(sender.refusal);
  if (!isPost) return { refusal: "badMethod" };
  const reading = await readMessage(state, request, sender);
  if (typeof reading === "string") return refuseStranger(reading);
  if ("refusal" in reading) return reading;
  return await takeReading(state, sender, reading);
}

/** What a message says; a refusal as text for what only a stranger sends. */
async function readMessage(
  { settings, held }: ReceiverState,
  request: Request,
  sender: Sender,
): Promise<ReadMessage | Wait | WebhookRefusal> {
  const { headers } = request;
  const announced = announcedBytes(request, settings);
  if (typeof announced === "string") return announced;
  const letGo = held.hold(announced);
  if (letGo === undefined) return { refusal: "busy", waitMs: 1000 };
  try {
    const bytes = await readWebhook(request, announced, settings);
    if (typeof bytes === "string") return bytes;
    if (!await sender.wrote(bytes, headers)) return sender.refusal;
    const form = payloadForm(headers.get("content-type"));
    if (form === undefined) return "badEncoding";
    return { reading: await sender.read({ headers, bytes, form }) };
  } finally {
    letGo();
  }
}

interface ReadMessage {
  readonly reading: Reading | "pong" | "ignored";
}

async function takeReading(
  state: ReceiverState,
  sender: Sender,
  { reading }: ReadMessage,
): Promise<Result> {
  const { provider } = sender;
  const result = typeof reading === "string" ? reading : await deliver(state, sender, reading);
  if (typeof result === "string") {
    const repository = typeof reading === "string" ? undefined : reading.notice.repository;
    observe(state.settings.observer, {
      ...{ type: "webhook.received", provider, outcome: result, repository },
    });
  }
  return result;
}

async function deliver(
  state: ReceiverState,
  { provider, registry, options }: Sender,
  { notice, keys, callbackUrl }: Reading,
): Promise<Result> {
  const { deliveries, sent, router, settings, callbackOrigins } = state;
  if (deliveries.isKnown(keys)) return "duplicate"; // replays cost the sender nothing of its rate
  const waitMs = sent.wait(provider);
  if (waitMs > 0) return { refusal: "tooMany", waitMs };
  sent.take(provider);
  if (!await deliveries.claim(keys)) return "duplicate";
  const { resolve, purger } = options;
  const routed = await router.route(notice, { source: provider, registry, resolve, purger });
  if (routed === "undelivered") await deliveries.release(keys);
  else await answerHubCallback(callbackUrl, { ...settings, origins: callbackOrigins });
  return routed;
}
