import { mkdir, readFile, writeFile } from "node:fs/promises";
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

describe("tidegate login and logout, a registry that is spelled otherwise", () => {
  const config = (): string => world.path("docker", "config.json");
  const auth = (password: string): string => btoa(`ann:${password}`);
  const other = { "elsewhere.test": { auth: auth("canary-elsewhere") } };
  const spellings =
    (): string[] => [`http://${world.at.locked}`, `${world.at.locked}/`, `${world.at.locked}/v2/`];
  const write = async (value: unknown): Promise<void> => {
    await mkdir(world.path("docker"), { recursive: true });
    await writeFile(config(), JSON.stringify(value));
  };

  it("logout takes out every entry that would be used, and no other", async () => {
    const entries = spellings().map((name) => [name, { auth: auth(CLI_CANARY) }]);
    await write({ auths: { ...Object.fromEntries(entries), ...other } });
    expect(await world.run(["digest", locked()])).toMatchObject({ code: 0 });
    expect(await world.run(["logout", world.at.locked])).toMatchObject({ code: 0 });
    expect(await world.run(["digest", locked()])).toMatchObject({ code: 4 });
    expect(JSON.parse(await readFile(config(), "utf8"))).toEqual({ auths: other });
    expect(await world.run(["logout", world.at.locked])).toMatchObject({ code: 3 });
  });

  it("login is not hidden by an older entry", async () => {
    const entries = spellings().map((name) => [name, { auth: auth("canary-of-old") }]);
    await write({ auths: { ...Object.fromEntries(entries), ...other } });
    const login = ["login", world.at.locked, ...ANN];
    expect(await world.run(login, { stdin: CLI_CANARY })).toMatchObject({ code: 0 });
    expect(await world.run(["digest", locked()])).toMatchObject({ code: 0 });
    const { auths } = JSON.parse(await readFile(config(), "utf8"));
    expect(auths).toEqual({ ...other, [world.at.locked]: { auth: auth(CLI_CANARY) } });
  });

  it.each(["credHelpers", "credsStore"])("a helper of %s is used and emptied", async (by) => {
    const [name = ""] = spellings();
    const kept = new Map([[name, JSON.stringify({ Username: "ann", Secret: "canary-of-old" })]]);
    const runHelper = (_: string, action: string, input: string) => {
      if (action === "store") kept.set(JSON.parse(input).ServerURL, input);
      const found = kept.get(input);
      if (action === "erase") kept.delete(input);
      const isMissing = action !== "store" && found === undefined;
      const stdout = isMissing ? "credentials not found in native keychain" : found ?? "";
      return Promise.resolve({ exitCode: isMissing ? 1 : 0, stdout });
    };
    const helpers = by === "credsStore"
      ? { credsStore: "test" }
      : { credHelpers: { [name]: "test" } };
    await write({ auths: { [name]: {}, ...other }, ...helpers });
    const login = ["login", world.at.locked, ...ANN];
    expect(await world.run(login, { stdin: CLI_CANARY, runHelper })).toMatchObject({ code: 0 });
    expect(await readFile(config(), "utf8")).not.toContain(auth(CLI_CANARY));
    expect(await world.run(["digest", locked()], { runHelper })).toMatchObject({ code: 0 });
    const logout = ["logout", world.at.locked];
    await write({ auths: { [name]: {}, ...other }, ...helpers });
    expect(await world.run(logout, { runHelper })).toMatchObject({ code: 0 });
    expect([...kept].filter(([key]) => key === name || by === "credsStore")).toEqual([]);
    expect(await world.run(["digest", locked()], { runHelper })).toMatchObject({ code: 4 });
    expect(JSON.parse(await readFile(config(), "utf8"))).toEqual({ auths: other, ...helpers });
  });
});
