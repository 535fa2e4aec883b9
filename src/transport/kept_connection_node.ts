import { isRuntime } from "./runtime_name.ts";

/** What Node's `fetch` sends requests by: undici's `Dispatcher`, as far as it is needed. */
interface Dispatcher {
  dispatch(options: Readonly<Record<string, unknown>>, handler: unknown): boolean;
}

/** Where undici keeps the one that `fetch` takes: shared by Node's own and by the package. */
const GLOBAL_DISPATCHER: unique symbol = Symbol.for("undici.globalDispatcher.1") as never;

/**
 * Node's `fetch` closes the connection after every HEAD, lest a server has sent a body where there is
 * none. A registry is asked by HEAD before everything else, so that each question would cost a
 * handshake. With this a HEAD leaves its connection open; what a server sends too much breaks it.
 */
const KEEPING: Dispatcher = {
  dispatch: (options, handler) => {
    const { [GLOBAL_DISPATCHER]: dispatcher } = globalThis as unknown as {
      readonly [GLOBAL_DISPATCHER]: Dispatcher;
    };
    return dispatcher.dispatch({ ...options, reset: false }, handler);
  },
};

/** What a `Request` is given beside what the standard has; nothing where `fetch` is not Node's. */
export function keptConnection(method: string): { readonly dispatcher?: unknown } {
  if (method !== "HEAD" || !isRuntime("Node.js")) return {};
  // to look at `Request` makes Node load what sets the dispatcher
  const isThere = typeof Request === "function" && GLOBAL_DISPATCHER in globalThis;
  return isThere ? { dispatcher: KEEPING } : {};
}
