import { concatBytes, encodeHex } from "../../src/core/mod.ts";
import { createFrontDoor, type FrontDoorOptions } from "../../src/front/mod.ts";
import {
  buildImage,
  type BuiltImage,
  createSimulation,
  type SimulatedRegistry,
  type Simulation,
  type SimulationOptions,
} from "../../src/simulation/mod.ts";

/** A front door before a simulated registry, inside one process. */
export interface TestDoor {
  readonly simulation: Simulation;
  readonly registry: SimulatedRegistry;
  /** `acme/app:v1`: layers of 1 KiB, 64 KiB + 1 and 1 MiB + 17. */
  readonly image: BuiltImage;
  /** Paths of the image's manifest and layers at the door. */
  readonly manifestPath: string;
  readonly blobPath: (layer: number) => string;
  /** Send a request to the door. */
  send(path: string, init?: RequestInit & { readonly host?: string }): Promise<Response>;
  /** What `ctx.waitUntil` was given, all settled. */
  settled(): Promise<void>;
}

/** How a test's door differs from an open one. */
export interface TestDoorOptions {
  readonly config?: Readonly<Record<string, unknown>>;
  readonly upstream?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, unknown>>;
  readonly options?: FrontDoorOptions;
  readonly simulation?: SimulationOptions;
}

/** Layers of {@linkcode TestDoor.image}: held in memory, verified in one piece, streamed. */
export const LAYER_SIZES: readonly number[] = [1024, 64 * 1024 + 1, 1024 * 1024 + 17];

export async function openTestDoor(test: TestDoorOptions = {}): Promise<TestDoor> {
  const simulation = createSimulation(test.simulation);
  const registry = simulation.registry("registry.test");
  const image = await buildImage({ layers: LAYER_SIZES });
  registry.add("acme/app", { image, tags: ["v1", "v2", "v3"] });
  const door = createFrontDoor({
    upstreams: [
      { name: "sim", origin: "https://registry.test", default: true, ...test.upstream },
    ],
    access: { anonymous: ["sim/**:pull"] },
    ...test.config,
  }, { fetch: simulation.fetch, ...test.options });
  const work: Promise<unknown>[] = [];
  return {
    ...{ simulation, registry, image },
    manifestPath: "/v2/acme/app/manifests/v1",
    blobPath: (layer) => `/v2/acme/app/blobs/${image.layers[layer]?.digest}`,
    send: (path, { host = "door.test", ...init } = {}) =>
      door.fetch(new Request(`https://${host}${path}`, init), test.env, {
        waitUntil: (promise) => void work.push(promise),
      }),
    settled: async () => void await Promise.allSettled(work),
  };
}

/** SHA-256 in lower-case hex, by the platform. */
export async function sha256Hex(bytes: BufferSource | string): Promise<string> {
  const data = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
  return encodeHex(new Uint8Array(await crypto.subtle.digest("SHA-256", data)));
}

/** The `Authorization` of a user name and password. */
export function basic(pair: string): Record<string, string> {
  return { authorization: `Basic ${btoa(pair)}` };
}

/** The first error of a spec error document. */
export async function errorOf(
  response: Response,
): Promise<{ readonly code: string; readonly message: string }> {
  const { errors } = await response.json() as { errors: [{ code: string; message: string }] };
  return errors[0];
}

/** What a client got: all bytes, or those before the body broke off. */
export async function readBody(
  response: Response,
): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly complete: boolean }> {
  const parts: Uint8Array[] = [];
  const reader = response.body?.getReader();
  try {
    for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
      parts.push(read.value.slice());
    }
  } catch {
    return { bytes: concatBytes(parts), complete: false };
  }
  const bytes = concatBytes(parts);
  return { bytes, complete: bytes.length === Number(response.headers.get("content-length")) };
}
