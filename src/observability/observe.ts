import type { TidegateEvent } from "./event.ts";

/** Told about every event, synchronously and in order. What it throws or rejects with is dropped. */
export type Observer = (event: TidegateEvent) => void;

/** Hand an event to an observer, if there is one. Never throws and never waits. */
export function observe(observer: Observer | undefined, event: TidegateEvent): void {
  try {
    const result: unknown = observer?.(event);
    // an async function fits the type; its rejection must not become an unhandled one
    if (result instanceof Promise) result.catch(() => {});
  } catch {
    // watching must not change what is watched
  }
}

/** One observer that hands each event to all; one that fails does not keep it from the rest. */
export function joinObservers(...observers: readonly (Observer | undefined)[]): Observer {
  return (event) => {
    for (const observer of observers) observe(observer, event);
  };
}

let last = 0;

/** A number for an operation, a request or an exchange, unique in this process. */
export function nextNumber(): number {
  return ++last;
}
