import { expect } from "vitest";
import { memoryKv } from "../../src/kv/mod.ts";
import type { TidegateEvent } from "../../src/observability/mod.ts";
import { openTestDoor, sha256Hex, type TestDoor, type TestDoorOptions } from "./front_door.ts";
import { createHastyClock } from "./hasty_clock.ts";

/** A door that keeps tags for a minute, on a clock that waits for nothing. */
export interface CachedDoor extends TestDoor {
  readonly events: TidegateEvent[];
  advance(seconds: number): void;
  /** The upstream's log since the start, as `METHOD status`. */
  trail(): string[];
}

/** Make one. Stale manifests serve for an hour. */
export async function openCachedDoor(test: TestDoorOptions = {}): Promise<CachedDoor> {
  const hasty = createHastyClock();
  let later = 0;
  const clock = { ...hasty, now: () => hasty.now() + later };
  const events: TidegateEvent[] = [];
  const door = await openTestDoor({
    ...test,
    config: { cache: { tagTtlSeconds: 60, staleIfErrorSeconds: 3600 }, ...test.config },
    simulation: { clock },
    options: {
      ...{ cache: memoryKv({ clock }), clock },
      observer: (event) => void events.push(event),
      ...test.options,
    },
  });
  return {
    ...door,
    events,
    advance: (seconds) => void (later += seconds * 1000),
    trail: () => door.simulation.log.map(({ method, status }) => `${method} ${status}`),
  };
}

/** The digest that an answer tells, once its bytes have it. */
export async function answered(response: Response): Promise<string | null> {
  expect(response.status).toBe(200);
  const digest = response.headers.get("docker-content-digest");
  expect(`sha256:${await sha256Hex(await response.arrayBuffer())}`).toBe(digest);
  return digest;
}
