import { expect, it } from "vitest";
import { Secret } from "../../src/core/mod.ts";
import { createRegistryClient } from "../../src/client/mod.ts";
import { memoryKv } from "../../src/kv/mod.ts";
import { resolveUpstream } from "../../src/upstream/mod.ts";
import { buildImage } from "../../src/simulation/mod.ts";
import {
  APP,
  CANARY,
  canaryCredentials,
  createScenario,
  type Scenario,
} from "../support/client_scenario.ts";

const SECOND = 1000;
const IMAGE = await buildImage();

/** A registry whose tokens live so many seconds, asked once a second for a minute. */
async function askForAMinute(
  lifetimeSeconds: number,
): Promise<Scenario & { readonly tokens: number; readonly statuses: readonly number[] }> {
  const scenario = createScenario();
  const { clock, registry, simulation } = scenario;
  const users = { user: CANARY };
  const tokens = simulation.tokenService("tokens.example.org", { users, lifetimeSeconds });
  registry.configure({ auth: { mode: "bearer", tokens } });
  registry.add(APP.repository, { image: IMAGE, tags: ["v1"] });
  const options = {
    fetch: simulation.fetch,
    clock,
    kv: memoryKv({ clock }),
    sealingKeys: [new Secret("k".repeat(32))],
    upstreams: [resolveUpstream(APP.registry, { tokenOrigins: [tokens.origin] })],
    credentials: canaryCredentials(),
  };
  for (let i = 0; i < 60; i++) {
    // every other client is new, and finds what the others have stored
    const client = createRegistryClient(options);
    await clock.run(client.manifests.head(APP));
    await clock.run(clock.sleep(SECOND / 2));
    await clock.run(client.manifests.head(APP));
    await clock.run(clock.sleep(SECOND / 2));
  }
  const asked = simulation.log.filter(({ kind }) => kind === "registry");
  return { ...scenario, tokens: tokens.issued.length, statuses: asked.map(({ status }) => status) };
}

it.each([[10, 12], [30, 4], [60, 2], [300, 1]])(
  "tokens of %d s are used, and none is sent when it has ended: %d a minute",
  async (seconds, count) => {
    const { statuses, tokens } = await askForAMinute(seconds);
    expect(tokens).toBeGreaterThanOrEqual(count);
    expect(tokens).toBeLessThanOrEqual(count + 1);
    // but for the first request, which learns the challenge
    expect(statuses.slice(1).filter((status) => status !== 200)).toEqual([]);
    expect(statuses).toHaveLength(121);
  },
);
