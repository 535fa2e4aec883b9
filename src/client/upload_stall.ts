import { TidegateError } from "../core/mod.ts";
import type { OpenUpload } from "./upload_state.ts";

const STREAM_STALL_MS = 2 * 60_000; // the runtime took no byte, or the registry did not answer the last

/** Ends a request whose body does not move. */
export interface Stall {
  /** Aborts with NETWORK_TIMEOUT, phase `body`, or with the caller's reason. */
  readonly signal: AbortSignal;
  /** It moves: wait anew. */
  touch(): void;
  /** What is waited for now is the source. */
  stop(): void;
}

/** Watch over one request; nothing is waited for before the first `touch`. */
export function createStall({ connection, context, signal }: OpenUpload): Stall {
  const { clock } = context.settings;
  const { origin } = connection.target;
  const controller = new AbortController();
  const details = { origin, phase: "body", milliseconds: STREAM_STALL_MS } as const;
  let stop = (): void => {};
  return {
    signal: signal ? AbortSignal.any([signal, controller.signal]) : controller.signal,
    touch(): void {
      stop();
      stop = clock.after(STREAM_STALL_MS, () => {
        const message = `${origin} took no bytes for ${STREAM_STALL_MS} ms`;
        controller.abort(new TidegateError("NETWORK_TIMEOUT", message, details));
      });
    },
    stop: () => stop(),
  };
}
