/** The part of a Vite plugin that is used. */
export interface WatchPlugin {
  readonly name: string;
  readonly enforce: "pre";
  transform(code: string, id: string): string | undefined;
}

const WATCH = "(globalThis as any).__tidegateWatch?";

/**
 * Where the watch looks in, each text occurring exactly once. Lines stay where they are, so that
 * coverage and stacks do.
 */
const TAPS: Readonly<Record<string, readonly [from: string, to: string]>> = {
  // each secret, as it is wrapped
  "src/core/secret.ts": [
    "constructor(value: string | Uint8Array) {",
    `constructor(value: string | Uint8Array) { ${WATCH}.secret(value);`,
  ],
  // each error, when it is whole
  "src/core/errors.ts": [
    "this.details = details;",
    `this.details = details; ${WATCH}.error(this);`,
  ],
  // each event, whoever observes
  "src/observability/observe.ts": [
    "export function observe(observer: Observer | undefined, event: TidegateEvent): void {",
    `export function observe(observer: Observer | undefined, event: TidegateEvent): void { ${WATCH}.event(event);`,
  ],
  // nobody observes: there are events all the same
  "src/transport/options.ts": [
    "const { credentials, observer, state",
    `const { credentials, observer = ${WATCH}.observer, state`,
  ],
  "src/client/options.ts": [
    "observer: options.observer,",
    `observer: options.observer ?? ${WATCH}.observer,`,
  ],
};

/**
 * Lets every client and every door that a test makes tell the watch of `watch_setup.ts` everything. It
 * changes what Vite gives to the tests, and nothing of the product.
 */
export function watchPlugin(): WatchPlugin {
  return {
    name: "tidegate-watch",
    enforce: "pre",
    transform(code, id): string | undefined {
      const path = id.split("?")[0] ?? id;
      const tap = Object.entries(TAPS).find(([file]) => path.endsWith(`/${file}`))?.[1];
      if (tap === undefined) return undefined;
      const [from, to] = tap;
      const count = code.split(from).length - 1;
      if (count !== 1) throw new Error(`The watch's text occurs ${count} times in ${path}`);
      return code.replace(from, () => to);
    },
  };
}
