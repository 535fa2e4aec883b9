import { createGhcrClient, type GhcrClient, githubCredentials } from "../../src/ghcr/mod.ts";
import type { Clock, Fetch } from "../../src/core/mod.ts";
import { buildImage, createSimulation, type Simulation } from "../../src/simulation/mod.ts";
import { createRecorder, type Fixture } from "../../src/simulation/mod.ts";
import { streamOf } from "./push_scenario.ts";
import { addGithub, APP, collect, PAT } from "./ghcr_scenario.ts";
import { fixedRandom } from "./transport.ts";
import { createVirtualClock } from "./virtual_clock.ts";

/** One use of the client whose traffic is kept in `test/vectors/ghcr`. */
export interface FixtureFlow {
  /** Before the recording. */
  prepare?(simulation: Simulation): void | Promise<void>;
  /** What is recorded, and replayed. */
  run(client: GhcrClient): Promise<unknown>;
}

/** The flows, by the name of their fixture. */
export const FLOWS: Readonly<Record<string, FixtureFlow>> = {
  list_tags: {
    prepare: withTags,
    run: (client) => collect(client.tags.list(APP, { pageSize: 2 })),
  },
  rate_limited: {
    async prepare(simulation): Promise<void> {
      await withTags(simulation);
      simulation.faults.add({
        path: "*/tags/list",
        nth: [2],
        action: { kind: "answer", status: 429, retryAfter: 2 },
      });
    },
    run: (client) => collect(client.tags.list(APP)),
  },
  push_manifest: {
    async run(client): Promise<unknown> {
      // gzip is each runtime's own
      const image = await buildImage({ layers: [{ compression: "none", size: 2048 }] });
      for (const { digest, content } of image.blobs) {
        await client.blobs.put(APP, content.read(0, content.size), { digest });
      }
      return (await client.manifests.put(APP, image.bytes)).digest;
    },
  },
  chunked_upload: {
    run: async (client) =>
      (await client.blobs.put(APP, streamOf(new Uint8Array(4096)), { chunkBytes: 1024 })).digest,
  },
};

async function withTags(simulation: Simulation): Promise<void> {
  const tags = ["latest", "v1.0.0", "v1.1.0"];
  addGithub(simulation).ghcr.add(APP.repository, { image: await buildImage(), tags });
}

/** A client over some way out, that is the same each time. */
export function fixtureClient(fetch: Fetch, clock: Clock): GhcrClient {
  const credentials = githubCredentials({ username: "octocat", token: PAT });
  return createGhcrClient({ fetch, clock, random: fixedRandom(), credentials });
}

/** Record a flow against the simulation. */
export async function recordFlow(
  { prepare, run }: FixtureFlow,
): Promise<{ readonly fixture: Fixture; readonly result: unknown }> {
  const clock = createVirtualClock();
  const simulation = createSimulation({ clock });
  addGithub(simulation);
  await prepare?.(simulation);
  const recorder = createRecorder({ fetch: simulation.fetch, secrets: [PAT] });
  const result = await clock.run(run(fixtureClient(recorder.fetch, clock)));
  return { fixture: recorder.fixture(), result };
}
