import { hubFeatures } from "../features/hub_features.ts";
import { hubQualities } from "../features/hub_qualities.ts";
import type { ServeWorld } from "../features/hub_world.ts";

// the hash whose state a record saves
if (navigator.userAgent === "Cloudflare-Workers") await import("../../src/hash/workerd.ts");

/** What is served over HTTP on Node is reached without a network everywhere else. */
const inMemory: ServeWorld = (simulation) =>
  Promise.resolve({
    url: (host) => `https://${host}`,
    fetch: simulation.fetch,
    close: () => Promise.resolve(),
  });

hubFeatures(inMemory);
hubQualities(inMemory);
