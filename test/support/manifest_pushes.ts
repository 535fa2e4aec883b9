import { createRegistryClient, type RegistryClient } from "../../src/client/mod.ts";
import { encodeUtf8, type Fetch, type Random } from "../../src/core/mod.ts";
import { parseDigest, type Reference } from "../../src/reference/mod.ts";
import type { BuiltImage, RegistrySettings } from "../../src/simulation/mod.ts";
import { APP, createScenario, type Scenario } from "./client_scenario.ts";

/** A scenario whose registry takes pushes. */
export function createPushScenario(
  settings: Partial<RegistrySettings> = {},
  options: Parameters<typeof createScenario>[0] = {},
): Scenario {
  const scenario = createScenario(options);
  scenario.registry.configure({ push: {}, ...settings });
  return scenario;
}

/** An image's reference by digest. */
export function byDigest({ digest }: { readonly digest: string }): Reference {
  return { registry: APP.registry, repository: APP.repository, digest: parseDigest(digest) };
}

/** File an image's blobs, and its children, but not the image itself. */
export function addContent({ registry }: Scenario, image: BuiltImage): void {
  const repository = registry.repository(APP.repository);
  for (const { digest, content } of image.blobs) repository.blobs.set(digest, content);
  for (const child of image.children) registry.add(APP.repository, { image: child });
}

/** Requests that were seen, as `PUT manifests/v1?tag=a`, reads left out. */
export function writes({ simulation }: Scenario): string[] {
  return simulation.log.filter(({ method }) => method !== "GET" && method !== "HEAD")
    .map(({ method, target }) => `${method} ${target.replace(/^\/v2\/acme\/app\//, "")}`);
}

/** Chance that is different for each seed, and the same each time (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed * 0x9e3779b9;
  const float = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t ^= t + Math.imul(t ^ (t >>> 7), 61 | t);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return { float, bytes: (length) => Uint8Array.from({ length }, () => float() * 256) };
}

/** Clients that know nothing of each other, each with its own chance. */
export function manyClients(
  { clock, simulation }: Scenario,
  count: number,
  fetch: Fetch = simulation.fetch,
): RegistryClient[] {
  return Array.from({ length: count }, (_, i) => {
    return createRegistryClient({ fetch, clock, random: seededRandom(i + 1) });
  });
}

/** A `fetch` whose answers have lost a header. */
export function withoutHeader(fetch: Fetch, name: string): Fetch {
  return async (request) => {
    const response = await fetch(request);
    const headers = new Headers(response.headers);
    headers.delete(name);
    const { status, body } = response;
    return new Response(body, { status, headers });
  };
}

/** A small JSON document as bytes. */
export function json(value: unknown): Uint8Array<ArrayBuffer> {
  return encodeUtf8(JSON.stringify(value));
}

/** All that is listed. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
