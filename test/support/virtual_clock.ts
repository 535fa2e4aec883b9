// what the client loads when it first needs it: reading a file takes real time, and no timer tells of it
import "../../src/client/cached_manifest.ts";
import "../../src/client/list_referrers.ts";
import "../../src/client/list_tags.ts";
import "../../src/client/pull_image.ts";
import "../../src/client/push_side.ts";
import { type Clock, sleep } from "../../src/core/mod.ts";

/** A clock that stands still until told otherwise. */
export interface VirtualClock extends Clock {
  /** Timers that are set now. */
  readonly pending: number;
  /** Let `milliseconds` pass, firing what is due in order, with everything it leads to. */
  advance(milliseconds: number): Promise<void>;
  /** Let time pass, timer by timer, until a promise has settled. */
  run<T>(promise: Promise<T>): Promise<T>;
}

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/**
 * Make one.
 *
 * @param turns Turns of the event loop in which nothing happens before time jumps.
 */
export function createVirtualClock(turns = 6): VirtualClock {
  const start = Date.UTC(2026, 0, 1);
  let now = start;
  const timers = new Set<Timer>();
  const earliest = (): Timer | undefined => {
    let first: Timer | undefined;
    for (const timer of timers) if (first === undefined || timer.at < first.at) first = timer;
    return first;
  };
  const fire = (timer: Timer): void => {
    timers.delete(timer);
    now = Math.max(now, timer.at);
    timer.callback();
  };
  const clock: VirtualClock = {
    now: () => now,
    sleep: (milliseconds, signal) => sleep(clock, milliseconds, signal),
    after(milliseconds, callback): () => void {
      const timer = { at: now + Math.ceil(milliseconds), callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    get pending(): number {
      return timers.size;
    },
    async advance(milliseconds): Promise<void> {
      const until = now + milliseconds;
      await settle(turns);
      for (let timer = earliest(); timer && timer.at <= until; timer = earliest()) {
        fire(timer);
        await settle(turns);
      }
      now = until;
    },
    async run<T>(promise: Promise<T>): Promise<T> {
      let isSettled = false;
      promise.then(() => isSettled = true, () => isSettled = true);
      for (;;) {
        await settle(turns, () => isSettled);
        if (isSettled) return promise;
        const timer = earliest();
        if (timer !== undefined) fire(timer);
      }
    },
  };
  return clock;
}

/** Let everything that waits for no timer happen: until nothing was under way for some turns. */
async function settle(turns: number, isDone: () => boolean = () => false): Promise<void> {
  for (let quiet = 0; quiet < turns && !isDone(); quiet++) {
    await macrotask();
    if (underWay > 0) quiet = -1;
  }
}

let underWay = 0; // calls of WebCrypto, whose threads take real time

/** Count what WebCrypto is asked for, so that time stands still until it has answered. */
function watchCrypto(): void {
  const subtle = Object.getPrototypeOf(crypto.subtle) as Record<string, unknown>;
  for (const name of Object.getOwnPropertyNames(subtle)) {
    const method = name === "constructor" ? undefined : subtle[name];
    if (typeof method !== "function") continue;
    const counted = async function (this: unknown, ...args: unknown[]): Promise<unknown> {
      underWay++;
      try {
        return await method.apply(this, args);
      } finally {
        underWay--;
      }
    };
    Object.defineProperty(subtle, name, { value: counted, configurable: true, writable: true });
  }
}
watchCrypto();

function macrotask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
