import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fileUploadRecords } from "../../src/copy/upload_records_node.ts";
import { parseDigest } from "../../src/reference/mod.ts";
import { buildImage } from "../../src/simulation/mod.ts";
import { nodeHasher } from "../../src/simulation/serve_node.ts";
import {
  CLI_CANARY,
  type CliWorld,
  jsonLines,
  openCliWorld,
  runToThirdChunk,
} from "../support/cli_world.ts";

let world: CliWorld;
beforeAll(async () => void (world = await openCliWorld()));
afterAll(() => world.close());

const app = (suffix = ":v1"): string => `${world.at.registry}/acme/app${suffix}`;

/** What is kept of an upload whose registry has forgotten it. */
interface Kept {
  readonly registry: string;
  readonly source: string;
  readonly destination?: string;
  readonly location?: string;
}

/** Leave records as interrupted uploads do. */
async function keep(cache: string, ...uploads: readonly Kept[]): Promise<string[]> {
  const records = fileUploadRecords(`${world.path(cache)}-uploads`);
  for (const [i, { location, registry, source, destination }] of uploads.entries()) {
    const repository = `kept/${cache}-${i}`;
    const digest = parseDigest(`sha256:${String(i).repeat(64)}`);
    const names = { source, destination: destination ?? `${registry}/${repository}:v1` };
    const slot = await records.claim({ registry, repository }, digest, names);
    await slot?.save({
      ...{ version: 1, registry, repository, digest, size: 9, offset: 0, algorithm: "sha256" },
      location: location ?? `http://${registry}/v2/${repository}/blobs/uploads/none`,
      state: "rehash",
    });
    await slot?.release();
  }
  return ["--cache", world.path(cache)];
}

async function waiting(cache: readonly string[]): Promise<readonly { readonly digest: string }[]> {
  const { out } = await world.run(["uploads", "ls", "--json", ...cache]);
  return JSON.parse(out).uploads;
}

describe("tidegate uploads, --username", () => {
  it.each([["resume", []], ["cancel", ["--all"]]])(
    "%s: of several registries none is chosen, and none is asked",
    async (name, more) => {
      const uploads = [world.at.locked, world.at.other].map((registry) => ({
        ...{ registry, source: app() },
      }));
      const cache = await keep(`two-${name}`, ...uploads);
      const seen = world.simulation.log.length;
      const words = ["uploads", name, ...more, "-u", "ann", "--password-stdin", ...cache];
      const { code, err } = await world.run(words, { stdin: CLI_CANARY });
      expect([code, err]).toEqual([2, expect.stringContaining("name it with --registry")]);
      expect(world.simulation.log.length).toBe(seen);
    },
  );

  it("resume: the password is for all copies into its registry", async () => {
    const upload = { registry: world.at.locked, source: app() };
    const cache = await keep("both", upload, upload);
    const words = ["uploads", "resume", "-u", "ann", "--password-stdin", ...cache];
    expect(await world.run(words, { stdin: CLI_CANARY })).toMatchObject({ code: 0 });
  });
});

describe("tidegate uploads resume, of a sync", () => {
  it("leaves it to the same sync, which continues it", async () => {
    const image = await buildImage({ layers: [6_000_000], seed: 78, hasher: nodeHasher });
    world.registry.add("acme/large", { image, tags: ["v1"] });
    const cache = ["--cache", world.path("synced")];
    const [from, to] = [`${world.at.registry}/acme/large`, `${world.at.other}/cut/large`];
    const env = { DOCKER_CHUNK_SIZE_MB: "1" };
    expect(await runToThirdChunk(world, ["sync", from, to, ...cache], env))
      .toMatchObject({ code: 130 });
    const resumed = await world.run(["uploads", "resume", ...cache], { env });
    expect(resumed).toMatchObject({ code: 0, out: "" });
    expect(resumed.err).toContain("run the same sync again");
    const named = await world.run(["uploads", "resume", image.layers[0]?.digest ?? "", ...cache]);
    expect(named).toMatchObject({ code: 1, out: "" });
    expect([...world.other.repository("cut/large").tags.keys()]).toEqual([]);
    const again = await world.run(["sync", from, to, "--json", ...cache], { env });
    expect(again).toMatchObject({ code: 0, out: expect.stringContaining('"copied":1') });
    expect(again.out).toContain("resume");
    expect((await world.run(["uploads", "ls", ...cache])).out).toBe("");
  });
});

describe("tidegate uploads, where one fails", () => {
  it("resume: the others go on, and the first failure is the exit code", async () => {
    const { other, registry } = world.at;
    const cache = await keep(
      "bad",
      { registry: other, source: app(":none") },
      { registry: other, source: app(), destination: "No/Reference:!" },
      { registry: other, source: app() },
    );
    const { code, err } = await world.run(["uploads", "resume", ...cache]);
    expect([2, 3]).toContain(code); // records are in no order
    expect(err).toContain(`${registry}/acme/app:none -> ${other}/kept/bad-0:v1 was not resumed`);
    expect(err).toContain("No/Reference:! was not resumed");
    expect(world.other.repository("kept/bad-2").tags.get("v1")).toBe(world.index.digest);
    const json = await world.run(["uploads", "resume", "--json", ...cache]);
    const errors = jsonLines(json.out).filter(({ type }) => type === "error");
    expect(errors.map(({ exitCode }) => exitCode)).toHaveLength(2);
    expect(errors[0]).toMatchObject({ exitCode: json.code });
  });

  it("cancel: what the registry did not drop is kept, the others go", async () => {
    const { locked, other } = world.at;
    const uploads = [locked, other].map((registry) => ({ registry, source: app() }));
    const cache = await keep("undropped", ...uploads);
    const { code, err, out } = await world.run(["uploads", "cancel", "--all", ...cache]);
    expect([code, out]).toEqual([4, expect.stringContaining(`Cancelled ${other}/`)]);
    expect(err).toContain(`The registry did not drop ${locked}/kept/undropped-0`);
    expect(await waiting(cache)).toMatchObject([{ registry: locked }]);
    const words = ["uploads", "cancel", "--all", "-u", "ann", "--password-stdin", ...cache];
    expect(await world.run(words, { stdin: CLI_CANARY })).toMatchObject({ code: 0 });
    expect(await waiting(cache)).toEqual([]);
  });
});
