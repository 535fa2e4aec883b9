import { type Clock, systemClock } from "../core/mod.ts";
import { observe, type Observer } from "../observability/mod.ts";
import type { EventSink, RegistryEvent, RegistryEventType } from "./event.ts";
import { failureName, withinDeadline } from "./within_deadline.ts";

/** What {@linkcode createEventBus} takes. All optional. */
export interface EventBusOptions {
  /** Longest that one subscriber may take for one event, in milliseconds. Default is 2000. */
  readonly subscriberMs?: number;
  /** Told which subscribers failed. Default is nobody. */
  readonly observer?: Observer | undefined;
  /** Default is the runtime's clock. */
  readonly clock?: Clock;
}

/** How the subscribers took an event. */
export interface Published {
  readonly delivered: number;
  /** Those that threw, rejected or took too long. */
  readonly failed: number;
}

/** Hands events to whoever subscribed. */
export interface EventBus {
  /** Take every event. @returns A function that ends it. */
  subscribe(sink: EventSink): () => void;
  /** Take events of one type. @returns A function that ends it. */
  on<Type extends RegistryEventType>(
    type: Type,
    sink: EventSink<Extract<RegistryEvent, { readonly type: Type }>>,
  ): () => void;
  /**
   * Hand an event, frozen, to all at once, and wait until each has taken it, failed or used up its
   * time. Never rejects: one that fails does not keep the others from the event.
   */
  publish(event: RegistryEvent): Promise<Published>;
}

const SUBSCRIBER_MS = 2_000; // with resolving and storing it stays under GitHub's 10 seconds

/** Make a bus without subscribers. */
export function createEventBus(options: EventBusOptions = {}): EventBus {
  const { subscriberMs = SUBSCRIBER_MS, observer, clock = systemClock } = options;
  const sinks = new Set<EventSink>();
  const subscribe = (sink: EventSink): () => void => {
    const own: EventSink = (event) => sink(event); // the same function twice is two subscribers
    sinks.add(own);
    return () => void sinks.delete(own);
  };
  const hand = async (sink: EventSink, event: RegistryEvent): Promise<boolean> => {
    try {
      await withinDeadline(() => sink(event), subscriberMs, { clock, what: "subscriber" });
      return true;
    } catch (error) {
      observe(observer, { type: "webhook.failed", part: "subscriber", reason: failureName(error) });
      return false;
    }
  };
  return {
    subscribe,
    on: (type, sink) =>
      subscribe((event) => {
        if (event.type === type) return sink(event as Parameters<typeof sink>[0]);
      }),
    async publish(event): Promise<Published> {
      const frozen = Object.freeze({ ...event });
      const taken = await Promise.all([...sinks].map((sink) => hand(sink, frozen)));
      const delivered = taken.filter(Boolean).length;
      return { delivered, failed: taken.length - delivered };
    },
  };
}
