import { expect, it } from "vitest";
import { sightings } from "../../src/simulation/mod.ts";
import { leakContent } from "../support/leak_map.ts";
import * as product from "../support/leak_product.ts";
import {
  CANARIES,
  createLeakWorld,
  credentialOf,
  type LeakWorld,
  PINNED_ORIGIN,
  type ProofKind,
  REPOSITORY,
} from "../support/leak_world.ts";

/* What has to work all the same. */

async function pull(proof: ProofKind, tokenOrigins: readonly string[]): Promise<LeakWorld> {
  const content = await leakContent();
  const world = createLeakWorld(product, { proof, content, trap: { status: 404 } });
  const { clock, registry, simulation } = world;
  registry.configure({ redirect: { to: simulation.blobHost("cdn.test") } });
  const credential = credentialOf(product, proof);
  const client = product.createRegistryClient({
    ...{ fetch: simulation.fetch, clock },
    upstreams: [product.resolveUpstream("registry.example", { tokenOrigins })],
    ...(credential && {
      credentials: product.staticCredentials({ "registry.example": credential }),
    }),
  });
  const ref = product.parseReference(`registry.example/${REPOSITORY}:v1`);
  expect((await client.manifests.get(ref)).digest).toBe(content.image.digest);
  const blob = await client.blobs.get(ref, content.image.layers[0]?.digest ?? "");
  expect((await blob.bytes()).length).toBeGreaterThan(0);
  return world;
}

function expectBareBlobs({ simulation, secrets }: LeakWorld): void {
  const blobs = simulation.log.filter(({ kind }) => kind === "blobs");
  expect(blobs.length).toBeGreaterThan(0);
  expect(secrets().flatMap((secret) => sightings(blobs, secret))).toEqual([]);
}

it("nobody pulls where the realm is an unknown public host, and blobs come from a public CDN", async () => {
  const world = await pull("anonymous", []);
  expectBareBlobs(world);
  expect(world.tokens.issued.length).toBeGreaterThan(0);
});

it("a pinned token endpoint gets the credential, the CDN gets nothing", async () => {
  const world = await pull("password-for-token", [PINNED_ORIGIN]);
  const asked = world.simulation.log.filter(({ kind }) => kind === "tokens");
  expect(sightings(asked, CANARIES.password).length).toBeGreaterThan(0);
  expectBareBlobs(world);
});
