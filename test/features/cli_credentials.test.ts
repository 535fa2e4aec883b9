import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLI_CANARY, type CliWorld, openCliWorld } from "../support/cli_world.ts";

let world: CliWorld;
beforeAll(async () => void (world = await openCliWorld()));
afterAll(() => world.close());

const app = (): string => `${world.at.registry}/acme/app:v1`;
const locked = (): string => `${world.at.locked}/acme/app:v1`;
const ANN = ["-u", "ann", "--password-stdin"];

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

describe("tidegate, --username", () => {
  const stdin = CLI_CANARY;

  it("is for one registry: of several none is chosen, and none is asked", async () => {
    const path = world.path("two.yaml");
    const from = `${world.at.registry}/acme/app`;
    const rule = (at: string): string => `  - { from: "${from}", to: "${at}/x" }`;
    await writeFile(path, `rules:\n${rule(world.at.other)}\n${rule(world.at.locked)}\n`);
    const seen = world.simulation.log.length;
    for (const words of [["diff", app(), locked()], ["sync", path]]) {
      const { code, err } = await world.run([...words, ...ANN], { stdin });
      expect([code, err]).toEqual([2, expect.stringContaining("name it with --registry")]);
    }
    expect(world.simulation.log.length).toBe(seen);
  });

  it("--registry says which, and the other gets nothing", async () => {
    const words = ["diff", app(), locked(), ...ANN, "--registry", world.at.locked];
    const seen = world.simulation.log.length;
    expect(await world.run(words, { stdin })).toMatchObject({ code: 0 });
    const sent = world.simulation.log.slice(seen).filter(({ headers }) =>
      new Headers(headers as HeadersInit).has("authorization")
    );
    expect(new Set(sent.map(({ host }) => host))).toEqual(new Set(["https://locked.test"]));
  });

  it("and its password are for both images of one registry", async () => {
    const words = ["diff", locked(), `${world.at.locked}/acme/app:v2`, ...ANN];
    expect(await world.run(words, { stdin })).toMatchObject({ code: 1, err: "" });
  });

  it("is for Docker Hub where a sync's destination names no registry", async () => {
    const words = ["sync", `${world.at.registry}/acme/app`, "ann/{name}", "--include", "v2"];
    const { code, out } = await world.run([...words, ...ANN], { stdin });
    expect([code, out]).toEqual([0, expect.stringContaining("1 copied")]);
  });
});
