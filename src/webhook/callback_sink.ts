import type { EventSink, RegistryEvent } from "./event.ts";

/** Options of {@linkcode callbackSink}. */
export interface CallbackSinkOptions {
  /** Types that are passed on. Default is all. */
  readonly types?: readonly RegistryEvent["type"][];
}

/** Calls a function with each event of some types. */
export function callbackSink(callback: EventSink, options: CallbackSinkOptions = {}): EventSink {
  const { types } = options;
  return (event) => {
    if (types === undefined || types.includes(event.type)) return callback(event);
  };
}
