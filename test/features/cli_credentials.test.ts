import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLI_CANARY, type CliWorld, openCliWorld } from "../support/cli_world.ts";

let world: CliWorld;
beforeAll(async () => void (world = await openCliWorld()));
afterAll(() => world.close());

const locked = (): string => `${world.at.locked}/acme/app:v1`;

describe("tidegate, a password of the environment", () => {
  it("stays with the registry and the user that it names", async () => {
    const words = ["digest", locked(), "-u", "ann"];
    const seen = world.simulation.log.length;
    const elsewhere = [
      { TIDEGATE_PASSWORD: CLI_CANARY, TIDEGATE_REGISTRY: "ghcr.io" },
      { TIDEGATE_PASSWORD: CLI_CANARY, TIDEGATE_USERNAME: "bot" },
      { DOCKER_PASSWORD: CLI_CANARY, DOCKER_REGISTRY: world.at.other },
    ];
    for (const env of elsewhere) {
      const { code, err } = await world.run(words, { env });
      expect([code, err]).toEqual([2, expect.stringContaining("--password-stdin")]);
    }
    expect(world.simulation.log.length).toBe(seen);
  });

  it("that is for another one does not hide the one that fits", async () => {
    const env = {
      ...{ TIDEGATE_PASSWORD: "canary-of-another", TIDEGATE_REGISTRY: "ghcr.io" },
      ...{ DOCKER_PASSWORD: CLI_CANARY, DOCKER_REGISTRY: world.at.locked, DOCKER_USERNAME: "ann" },
    };
    expect(await world.run(["digest", locked(), "-u", "ann"], { env })).toMatchObject({ code: 0 });
  });
});
