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

/** Make one. `start` is its first `now()`. */
export function createVirtualClock(start = Date.UTC(2026, 0, 1)): VirtualClock {
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
    after(milliseconds, callback) {
      const timer = { at: now + Math.ceil(milliseconds), callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    get pending() {
      return timers.size;
    },
    async advance(milliseconds) {
      const until = now + milliseconds;
      await settle();
      for (let timer = earliest(); timer && timer.at <= until; timer = earliest()) {
        fire(timer);
        await settle();
      }
      now = until;
    },
    async run(promise) {
      let isSettled = false;
      promise.then(() => isSettled = true, () => isSettled = true);
      for (;;) {
        await settle(() => isSettled);
        if (isSettled) return promise;
        const timer = earliest();
        if (timer !== undefined) fire(timer);
      }
    },
  };
  return clock;
}

const TURNS = 8; // real work (streams, WebCrypto) gets this many turns of the event loop before time jumps

/** Let everything that waits for no timer happen. */
async function settle(isDone: () => boolean = () => false): Promise<void> {
  for (let turn = 0; turn < TURNS && !isDone(); turn++) await macrotask();
}

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
