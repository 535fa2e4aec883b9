import { systemClock } from "../core/mod.ts";
import { DELIVERY_KEPT_MS, type DeliveryStore } from "./deliveries.ts";

/** The part of a Durable Object's state that is used. */
export interface DeliveriesState {
  readonly storage: {
    get(keys: string[]): Promise<Map<string, unknown>>;
    put(entries: Record<string, unknown>): Promise<void>;
    delete(keys: string[]): Promise<unknown>;
    list(options: { limit: number; startAfter?: string }): Promise<Map<string, unknown>>;
    getAlarm(): Promise<number | null>;
    setAlarm(at: number): Promise<void>;
  };
}

/** The part of a Durable Object namespace that is used. */
export interface DeliveriesNamespace {
  idFromName(name: string): unknown;
  get(id: unknown): { fetch(url: string, init?: RequestInit): Promise<Response> };
}

const NAME = "deliveries"; // one object: what claims at once must meet
const PAGE = 128; // most keys that one delete takes

/**
 * The Durable Object that remembers deliveries, for all isolates. Bound as `DELIVERIES`; only the
 * receiver talks to it. It forgets after three days.
 */
export class WebhookDeliveries {
  readonly #storage: DeliveriesState["storage"];

  /** @param state What the runtime gives. */
  constructor(state: DeliveriesState) {
    this.#storage = state.storage;
  }

  /** `POST` claims the keys of the body, 409 when one was claimed; `DELETE` gives them back. */
  async fetch(request: Request): Promise<Response> {
    const keys = await request.json() as string[];
    if (request.method === "DELETE") {
      await this.#storage.delete(keys);
      return new Response(null, { status: 204 });
    }
    // only storage is awaited from here on, so that no other claim comes in between
    const now = systemClock.now();
    const known = await this.#storage.get(keys);
    if ([...known.values()].some((expiresAt) => Number(expiresAt) > now)) {
      return new Response(null, { status: 409 });
    }
    const expiresAt = now + DELIVERY_KEPT_MS;
    await this.#storage.put(Object.fromEntries(keys.map((key) => [key, expiresAt])));
    if (await this.#storage.getAlarm() === null) await this.#storage.setAlarm(expiresAt);
    return new Response(null, { status: 204 });
  }

  /** Forget what is old enough, and come back for the rest. */
  async alarm(): Promise<void> {
    const now = systemClock.now();
    let next = Infinity;
    for (let page = await this.#page(); page.size > 0; page = await this.#page(lastOf(page))) {
      const old = [...page].filter(([, expiresAt]) => Number(expiresAt) <= now);
      if (old.length > 0) await this.#storage.delete(old.map(([key]) => key));
      for (const expiresAt of page.values()) {
        if (Number(expiresAt) > now) next = Math.min(next, Number(expiresAt));
      }
    }
    if (next < Infinity) await this.#storage.setAlarm(next);
  }

  #page(startAfter?: string): Promise<Map<string, unknown>> {
    return this.#storage.list({ limit: PAGE, ...(startAfter !== undefined && { startAfter }) });
  }
}

function lastOf(page: ReadonlyMap<string, unknown>): string | undefined {
  return [...page.keys()].at(-1);
}

/** Deliveries in the Durable Object {@linkcode WebhookDeliveries}. */
export function durableDeliveries(namespace: DeliveriesNamespace): DeliveryStore {
  const ask = async (method: string, keys: readonly string[]): Promise<number> => {
    const stub = namespace.get(namespace.idFromName(NAME));
    const init = { method, body: JSON.stringify(keys) };
    const { status } = await stub.fetch("https://deliveries/", init);
    if (status !== 204 && status !== 409) throw new TypeError(`Deliveries answered ${status}`);
    return status;
  };
  return {
    claim: async (keys) => await ask("POST", keys) === 204,
    release: async (keys) => void await ask("DELETE", keys),
  };
}
