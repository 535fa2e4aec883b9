import { createSimulation } from "../../../src/simulation/mod.ts";
import type {
  RegistrySettings,
  SimulatedRegistry,
  Simulation,
} from "../../../src/simulation/mod.ts";

/** A clock that stands until it is moved. */
export interface StandingClock {
  now(): number;
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  after(milliseconds: number, callback: () => void): () => void;
  move(milliseconds: number): void;
}

/** Time for token lifetimes and windows; waits are never waited. */
export function standingClock(): StandingClock {
  let time = 1_000_000_000_000;
  return {
    now: () => time,
    sleep: () => Promise.resolve(),
    after: () => () => {},
    move: (milliseconds) => void (time += milliseconds),
  };
}

export interface Bench {
  readonly simulation: Simulation;
  readonly registry: SimulatedRegistry;
  readonly clock: StandingClock;
  get(path: string, init?: RequestInit): Promise<Response>;
}

/** A simulation with one registry, and a function that asks it. */
export function bench(settings: Partial<RegistrySettings> = {}): Bench {
  const clock = standingClock();
  const simulation = createSimulation({ clock });
  const registry = simulation.registry("registry.test", settings);
  const get = (path: string, init: RequestInit = {}): Promise<Response> =>
    simulation.fetch(
      new Request(`https://registry.test${path}`, { redirect: "manual", ...init }),
    );
  return { simulation, registry, clock, get };
}

/** The codes of a spec error body. */
export async function codesOf(response: Response): Promise<string[]> {
  const { errors } = await response.json() as { errors: { code: string }[] };
  return errors.map(({ code }) => code);
}
