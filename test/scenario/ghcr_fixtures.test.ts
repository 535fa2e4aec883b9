import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { createReplayer, type Fixture, secretSpellings } from "../../src/simulation/mod.ts";
import { fixtureClient, FLOWS, recordFlow } from "../support/ghcr_fixtures.ts";
import { PAT } from "../support/ghcr_scenario.ts";
import { createVirtualClock } from "../support/virtual_clock.ts";

async function readFixture(name: string): Promise<{ text: string; fixture: Fixture }> {
  const text = await readFile(new URL(`../vectors/ghcr/${name}.json`, import.meta.url), "utf8");
  return { text, fixture: JSON.parse(text) as Fixture };
}

const RESULTS: Readonly<Record<string, unknown>> = {
  list_tags: ["latest", "v1.0.0", "v1.1.0"],
  rate_limited: ["latest", "v1.0.0", "v1.1.0"],
  push_manifest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
  chunked_upload: expect.stringMatching(/^sha256:ad7facb2586fc6e9/),
};

describe.each(Object.entries(FLOWS))("the fixture %s", (name, flow) => {
  it("is replayed in strict order, to its end", async () => {
    const { fixture } = await readFixture(name);
    const clock = createVirtualClock();
    const replayer = createReplayer(fixture);
    expect(await clock.run(flow.run(fixtureClient(replayer.fetch, clock)))).toEqual(RESULTS[name]);
    replayer.assertDone();
  });

  it("is what the simulation answers today", async () => {
    const { fixture } = await readFixture(name);
    const recorded = await recordFlow(flow);
    expect(recorded.fixture).toEqual(fixture);
    expect(recorded.result).toEqual(RESULTS[name]);
  });

  it("holds no secret in any spelling", async () => {
    const { text } = await readFixture(name);
    for (const spelling of secretSpellings(PAT)) expect(text).not.toContain(spelling);
    expect(text).not.toMatch(/authorization/i);
  });
});
