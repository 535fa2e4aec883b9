/**
 * SHA-256 of several streams side by side, for whoever moves many blobs: four take as long as two do
 * one after the other. Snapshots are as those of `createSha256`.
 *
 * In: bytes of several streams, in pieces. Out: digests, snapshots. Next: the option `savableHasher`
 * of a client.
 * @module
 */
import type { SavableHasher, SavableHasherFactory } from "../core/mod.ts";
import { decodeState, encodeState } from "./hash_state.ts";
import { createLanesEngine } from "./lanes_engine.ts";
import { createLaneQueue, type LaneQueue } from "./lanes_queue.ts";
import { createSha2, wasmHasher } from "./sha2.ts";
import { SHA256 } from "./sha2_parameters.ts";
import { atEndOfTurn } from "./turn_host.ts";

/** Less is hashed at once: to wait for others would cost more than it gains. */
const WORTH_WAITING_BYTES = 8 * 1024;
const NOTHING: Uint8Array = /* @__PURE__ */ new Uint8Array(0);

/**
 * Make hashers that go side by side with each other. A piece waits for those of other streams, so its
 * buffer must stay as it is until `update` resolves. Whatever else is asked of a hasher is done at
 * once, with all that it was given. Fewer than three go one after the other, and so does SHA-512.
 *
 * What it returns throws UNSUPPORTED where WASM cannot be compiled from bytes, as on workerd.
 *
 * @example
 * const registry = createRegistryClient({ savableHasher: createLaneHashers() });
 */
export function createLaneHashers(): SavableHasherFactory {
  let queue: LaneQueue | undefined;
  return (algorithm) => {
    if (algorithm !== "sha256") return wasmHasher(algorithm);
    return createLaneHasher(queue ??= createLaneQueue(createLanesEngine(), atEndOfTurn));
  };
}

function createLaneHasher(queue: LaneQueue): SavableHasher {
  const { hasher, live, restore } = createSha2(SHA256);
  let waiter: PromiseWithResolvers<void> | undefined;

  const work = {
    get state() {
      return live();
    },
    rest: NOTHING,
    finish(): void {
      const [rest, waits] = [work.rest, waiter];
      work.rest = NOTHING;
      waiter = undefined;
      try {
        hasher.update(rest);
        waits?.resolve();
      } catch (error) {
        waits?.reject(error); // its buffer was given away meanwhile
      }
    },
  };
  const settle = (): void => {
    if (waiter === undefined) return;
    queue.remove(work);
    work.finish();
  };
  return {
    algorithm: "sha256",
    update(chunk): void | Promise<void> {
      settle();
      live();
      if (chunk.length < WORTH_WAITING_BYTES) return hasher.update(chunk);
      const { promise } = waiter = Promise.withResolvers();
      work.rest = chunk;
      queue.add(work);
      return promise;
    },
    digest(): ReturnType<SavableHasher["digest"]> {
      settle();
      return hasher.digest();
    },
    exportState(): Uint8Array<ArrayBuffer> {
      settle();
      return encodeState(SHA256, live());
    },
    importState(snapshot): void {
      settle();
      restore(decodeState(SHA256, snapshot));
    },
  };
}
