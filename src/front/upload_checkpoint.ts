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
const LARGEST_BYTES = 8 * 1024;

/**
 * The Durable Object that keeps the last few states of one upload, sealed. Bound as `UPLOADS`; only
 * the door talks to it. It forgets after a day.
 */
export class UploadCheckpoint {
  readonly #storage: DurableState["storage"];

  /** @param state What the runtime gives. */
  constructor(state: DurableState) {
    this.#storage = state.storage;
  }

  /** `GET` and `DELETE` of all, `PUT` of `/<offset>`. */
  async fetch(request: Request): Promise<Response> {
    if (request.method === "DELETE") {
      await this.#storage.deleteAll();
      return new Response(null, { status: 204 });
    }
    const known = await this.#storage.get(KEY) as Checkpoints | undefined ?? new Map();
    if (request.method === "GET") return Response.json([...known]);
    const sealed = await request.text();
    if (sealed.length > LARGEST_BYTES) return new Response(null, { status: 413 });
    const offset = Number(new URL(request.url).pathname.slice(1));
    await this.#storage.put(KEY, addCheckpoint(known, offset, sealed));
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
  const ask = async (id: string, path: string, init: RequestInit): Promise<Response> => {
    const stub = namespace.get(namespace.idFromName(id));
    const response = await stub.fetch(`https://checkpoint/${path}`, init);
    if (!response.ok) throw new TypeError(`The checkpoint answered ${response.status}`);
    return response;
  };
  return {
    put: async (id, offset, sealed) => {
      await ask(id, String(offset), { method: "PUT", body: sealed });
    },
    get: async (id) => new Map(await (await ask(id, "", {})).json() as [number, string][]),
    delete: async (id) => {
      await ask(id, "", { method: "DELETE" });
    },
  };
}
