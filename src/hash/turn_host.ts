/** The part of the platform that is used, where there is one. */
interface Turns {
  readonly setImmediate?: (callback: () => void) => unknown;
}

let post: ((callback: () => void) => void) | undefined;

/**
 * Call back when the callbacks of input and output that are due have run, and before the runtime waits
 * for more: `setImmediate`, where there is one, else a message to oneself.
 */
export function atEndOfTurn(callback: () => void): void {
  post ??= (globalThis as Turns).setImmediate ?? postMessages();
  post(callback);
}

function postMessages(): (callback: () => void) => void {
  const { port1, port2 } = new MessageChannel();
  const callbacks: (() => void)[] = [];
  port1.onmessage = () => callbacks.shift()?.();
  return (callback): void => {
    callbacks.push(callback);
    port2.postMessage(undefined);
  };
}
