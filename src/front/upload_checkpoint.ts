import { systemClock } from "../core/mod.ts";
import { addCheckpoint, type Checkpoints, type CheckpointStore } from "./checkpoints.ts";

/** The part of a Durable Object's state that is used. */
export interface DurableState {
  readonly storage: {
    get(key: string): Promise<unknown>;
    put(key: string, value: unknown): Promise<void>;
    setAlarm(at: number): Promise<void>;
    deleteAll(): Promise<void>;
  };
}

/** The part of a Durable Object namespace that is used. */
export interface DurableNamespace {
  idFromName(name: string): unknown;
  get(id: unknown): { fetch(url: string, init?: RequestInit): Promise<Response> };
}

const KEY = "checkpoints";
const KEPT_MS = 24 * 60 * 60_000; // as long as an upload's address opens
const LARGEST_STATE_BYTES = 256; // a state of SHA-512 has up to 201

/**
 * The Durable Object that keeps the last few hash states of one upload, by offset. Bound as
 * `UPLOADS`; only the door talks to it. It forgets after a day.
 */
export class UploadCheckpoint {
  readonly #storage: DurableState["storage"];

  /** @param state What the runtime gives. */
  constructor(state: DurableState) {
    this.#storage = state.storage;
  }

  /** `PUT`, `GET` and `DELETE` of `/<offset>`. */
  async fetch(request: Request): Promise<Response> {
    const offset = Number(new URL(request.url).pathname.slice(1));
    if (request.method === "DELETE") {
      await this.#storage.deleteAll();
      return new Response(null, { status: 204 });
    }
    const known = await this.#storage.get(KEY) as Checkpoints | undefined;
    if (request.method === "GET") {
      const state = known?.get(offset);
      return state === undefined
        ? new Response(null, { status: 404 })
        : new Response(state, { status: 200 });
    }
    const state = new Uint8Array(await request.arrayBuffer());
    if (state.length > LARGEST_STATE_BYTES) return new Response(null, { status: 413 });
    await this.#storage.put(KEY, addCheckpoint(known, offset, state));
    await this.#storage.setAlarm(systemClock.now() + KEPT_MS);
    return new Response(null, { status: 204 });
  }

  /** The upload's address opens no longer. */
  async alarm(): Promise<void> {
    await this.#storage.deleteAll();
  }
}

/** Checkpoints in Durable Objects of {@linkcode UploadCheckpoint}, one for each upload. */
export function durableCheckpoints(namespace: DurableNamespace): CheckpointStore {
  const ask = async (
    id: string,
    offset: number,
    init: RequestInit,
  ): Promise<Response> => {
    const stub = namespace.get(namespace.idFromName(id));
    const response = await stub.fetch(`https://checkpoint/${offset}`, init);
    if (response.ok || response.status === 404) return response;
    throw new TypeError(`The checkpoint answered ${response.status}`);
  };
  return {
    put: async (id, offset, state) => {
      await ask(id, offset, { method: "PUT", body: state });
    },
    async get(id, offset): Promise<Uint8Array<ArrayBuffer> | undefined> {
      const response = await ask(id, offset, { method: "GET" });
      const bytes = new Uint8Array(await response.arrayBuffer());
      return response.status === 200 ? bytes : undefined;
    },
    delete: async (id) => {
      await ask(id, 0, { method: "DELETE" });
    },
  };
}
