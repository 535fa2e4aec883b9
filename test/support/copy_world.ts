import { type Clock, systemClock } from "../../src/core/mod.ts";
import {
  createRegistryClient,
  type RegistryClient,
  type RegistryClientOptions,
} from "../../src/client/mod.ts";
import {
  type CopyEvent,
  type RegistryImage,
  registryImage,
  type RegistryImageOptions,
} from "../../src/copy/mod.ts";
import { parseReference } from "../../src/reference/mod.ts";
import {
  type BuiltImage,
  createSimulation,
  type SimulatedRegistry,
  type Simulation,
} from "../../src/simulation/mod.ts";
import { fixedRandom } from "./transport.ts";
import { createVirtualClock } from "./virtual_clock.ts";

/** Two registries in a simulation, and a client before both. */
export interface CopyWorld {
  readonly clock: Clock;
  readonly simulation: Simulation;
  readonly from: SimulatedRegistry;
  readonly to: SimulatedRegistry;
  readonly client: RegistryClient;
  readonly events: CopyEvent[];
  /** For `copyImage`. */
  readonly told: { readonly onEvent: (event: CopyEvent) => void; readonly clock: Clock };
  image(reference: string, options?: RegistryImageOptions): RegistryImage;
  run<T>(promise: Promise<T>): Promise<T>;
  /** Requests since the last call, as `METHOD host path`. */
  requests(): string[];
  /** Whether all of an image is in a repository of `to`, byte for byte. */
  holds(repository: string, image: BuiltImage): boolean;
  types(): string[];
  /** What a tag of `to` points to. */
  tag(repository: string, tag: string): string | undefined;
}

/** Make one on a virtual clock, which runs ahead of disks: with files, on the system's. */
export function createCopyWorld(
  options: RegistryClientOptions = {},
  time: "virtual" | "system" = "virtual",
): CopyWorld {
  const virtual = createVirtualClock();
  const clock = time === "virtual" ? virtual : systemClock;
  const simulation = createSimulation({ clock });
  const from = simulation.registry("from.example.com");
  const to = simulation.registry("to.example.com", { push: {} });
  const events: CopyEvent[] = [];
  const client = createRegistryClient({
    fetch: simulation.fetch,
    clock,
    random: fixedRandom(),
    ...options,
  });
  let seen = 0;
  const holds = (repository: string, image: BuiltImage): boolean => {
    const { blobs, manifests } = to.repository(repository);
    const { bytes } = manifests.get(image.digest) ?? {};
    return bytes !== undefined && String(bytes) === String(image.bytes) &&
      image.blobs.every(({ digest }) => blobs.has(digest)) &&
      image.children.every((child) => holds(repository, child));
  };
  return {
    clock,
    simulation,
    from,
    to,
    client,
    events,
    told: { onEvent: (event) => void events.push(JSON.parse(JSON.stringify(event))), clock },
    image: (reference, options) => registryImage(client, parseReference(reference), options),
    run: (promise) => time === "virtual" ? virtual.run(promise) : promise,
    requests(): string[] {
      const lines = simulation.log.slice(seen).map(({ method, url }) => {
        const { host, pathname, search } = new URL(url);
        return `${method} ${host.split(".")[0]} ${pathname.split("/").slice(4).join("/")}${search}`;
      });
      seen = simulation.log.length;
      return lines;
    },
    holds,
    tag: (repository, tag) => to.repository(repository).tags.get(tag),
    types: () => events.map(({ type }) => type),
  };
}
