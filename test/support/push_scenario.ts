import type { PushSource, RegistryClientOptions } from "../../src/client/mod.ts";
import {
  digestOf,
  type LoggedRequest,
  type PushSettings,
  type RegistryQuirks,
} from "../../src/simulation/mod.ts";
import { APP, createScenario, type Scenario } from "./client_scenario.ts";

/** A registry that takes pushes, and what it was sent. */
export interface PushScenario extends Scenario {
  /** The requests since the start, as `METHOD status`. */
  trail(): string[];
  /** The requests that carried bytes of blobs. */
  bodies(): LoggedRequest[];
  /** The bytes of a blob of `acme/app`; undefined when it is not there. */
  stored(digest: string): Promise<Uint8Array | undefined>;
}

/** Make one. */
export function createPushScenario(
  push: PushSettings = {},
  quirks: RegistryQuirks = {},
  options: RegistryClientOptions = {},
): PushScenario {
  const scenario = createScenario(options);
  const { registry, simulation } = scenario;
  registry.configure({ push, quirks });
  return {
    ...scenario,
    trail: () => simulation.log.map(({ method, status }) => `${method} ${status}`),
    bodies: () => simulation.log.filter(({ bodyBytes }) => bodyBytes > 0),
    async stored(digest): Promise<Uint8Array | undefined> {
      const blob = registry.repository(APP.repository).blobs.get(digest);
      if (blob === undefined) return undefined;
      const response = await simulation.fetch(
        new Request(`${registry.origin}/v2/${APP.repository}/blobs/${digest}`),
      );
      return new Uint8Array(await response.arrayBuffer());
    },
  };
}

/** A stream of pieces. */
export function streamOf(bytes: Uint8Array, piece = 1000): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller): void {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at += piece));
    },
  }, { highWaterMark: 0 });
}

export { digestOf };

/** Bytes that can be read again, and how often they were. */
export function replayable(
  bytes: Uint8Array<ArrayBuffer>,
): { readonly source: PushSource; readonly opened: number[] } {
  const opened: number[] = [];
  const slice = (start: number): ReadableStream<Uint8Array> => {
    opened.push(start);
    return streamOf(bytes.subarray(start), 7000);
  };
  return { source: { size: bytes.length, slice }, opened };
}
