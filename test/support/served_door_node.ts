import { createHash } from "node:crypto";
import type { TidegateEvent } from "../../src/observability/mod.ts";
import { type ServedFrontDoor, serveFrontDoor, type ServeOptions } from "../../src/serve/mod.ts";
import {
  buildImage,
  type BuiltImage,
  createSimulation,
  type SimulatedRegistry,
  type Simulation,
} from "../../src/simulation/mod.ts";
import { nodeHasher, serveSimulation } from "../../src/simulation/serve_node.ts";
import { LAYER_SIZES } from "./front_door.ts";

/** A front door that is served over HTTP before a simulated registry that is, too. */
export interface ServedWorld {
  readonly simulation: Simulation;
  readonly registry: SimulatedRegistry;
  /** `acme/app:v1`, with the layers of {@linkcode LAYER_SIZES}. */
  readonly image: BuiltImage;
  readonly door: ServedFrontDoor;
  readonly port: number;
  /** What the door told its observer. */
  readonly events: TidegateEvent[];
  readonly blobPath: (layer: number) => string;
  /** End both. */
  close(): Promise<void>;
}

/** The secrets that the world's configuration names. */
export const SECRETS = { SEAL_KEY: "not a secret, but as long as one has to be" };

/** A configuration that lets everybody pull and push. */
export function openConfig(origin: string): Record<string, unknown> {
  return {
    upstreams: [{ name: "sim", origin, default: true }],
    access: { anonymous: ["sim/**:pull,push"] },
    sealingKeys: [{ secret: "SEAL_KEY" }],
  };
}

/** Open it. */
export async function openServedWorld(
  options: ServeOptions = {},
  config: Readonly<Record<string, unknown>> = {},
): Promise<ServedWorld> {
  const simulation = createSimulation();
  const registry = simulation.registry("registry.test", { push: { hasher: nodeHasher } });
  const image = await buildImage({ layers: LAYER_SIZES });
  registry.add("acme/app", { image, tags: ["v1"] });
  const upstream = await serveSimulation({ simulation });
  const events: TidegateEvent[] = [];
  const door = await serveFrontDoor(
    { ...openConfig(upstream.url), ...config },
    { env: SECRETS, observer: (event) => void events.push(event), ...options },
  );
  return {
    ...{ simulation, registry, image, door, port: door.port, events },
    blobPath: (layer) => `/v2/acme/app/blobs/${image.layers[layer]?.digest}`,
    async close(): Promise<void> {
      await door.close(0);
      await upstream.close();
    },
  };
}

/** `sha256:…` of bytes. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Wait until something holds. */
export async function until(holds: () => boolean, timeoutMs = 5_000): Promise<void> {
  const endsAt = Date.now() + timeoutMs;
  while (!holds()) {
    if (Date.now() > endsAt) throw new Error("It did not come to that");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
