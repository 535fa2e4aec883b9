import { describe, expect, it } from "vitest";
import type { PushBlobOptions } from "../../src/client/mod.ts";
import type { Fetch } from "../../src/core/mod.ts";
import { GENERIC_PROFILE, resolveUpstream } from "../../src/upstream/mod.ts";
import { APP, noise } from "../support/client_scenario.ts";
import { createPushScenario, digestOf, streamOf } from "../support/push_scenario.ts";

const CHUNK = 100_000;
const BYTES = noise(350_000);
const DIGEST = await digestOf(BYTES);
const CHUNKED: PushBlobOptions = { digest: DIGEST, chunkBytes: CHUNK };

describe("blobs.put(): one chunk only (Google)", () => {
  const upstream = {
    ...resolveUpstream(APP.registry),
    profile: { ...GENERIC_PROFILE, multipleChunks: false },
  };
  const upstreams = [upstream];

  it("streams the whole as one PATCH", async () => {
    for (const options of [CHUNKED, { chunkBytes: CHUNK }, { ...CHUNKED, size: BYTES.length }]) {
      const scenario = createPushScenario({}, { secondPatch: 405 }, { upstreams });
      await scenario.run(scenario.client.blobs.put(APP, streamOf(BYTES), options));
      expect(await scenario.stored(DIGEST)).toEqual(BYTES);
      expect(scenario.trail().filter((line) => line.startsWith("PATCH"))).toEqual(["PATCH 202"]);
    }
  });

  it.each([503, 202])("starts anew after a %i that came before all was sent", async (status) => {
    const before: { fetch?: Fetch } = {};
    const bodies: ReadableStreamDefaultReader<Uint8Array>[] = [];
    const late: unknown[] = [];
    const early: Fetch = async (request) => {
      if (request.method !== "PATCH") return await before.fetch?.(request) as Response;
      const [first] = bodies;
      if (first !== undefined) {
        const answer = before.fetch?.(request) as Promise<Response>;
        // the runtime goes on asking for bytes of a request that is over
        late.push(await first.read().catch(() => "over"));
        return await answer;
      }
      bodies.push(request.body?.getReader() as ReadableStreamDefaultReader<Uint8Array>);
      await bodies[0]?.read();
      return new Response(null, { status });
    };
    const slow = (start: number): ReadableStream<Uint8Array> => streamOf(BYTES.subarray(start), 70);
    for (const size of [undefined, BYTES.length]) {
      bodies.length = late.length = 0;
      const scenario = createPushScenario({}, {}, { upstreams, fetch: early });
      before.fetch = scenario.simulation.fetch;
      const { client, clock, run, stored } = scenario;
      const source = { slice: slow, ...(size === undefined ? {} : { size }) };
      expect(await run(client.blobs.put(APP, source, CHUNKED))).toMatchObject({ digest: DIGEST });
      expect(await stored(DIGEST)).toEqual(BYTES);
      expect(late).toEqual(["over"]);
      expect(clock.pending).toBe(0);
    }
  });
});
