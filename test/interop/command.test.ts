/**
 * The command, on every runtime, between registries that are not ours: pull, then push with the
 * source switched off. And the files that it shares with other tools.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findProgram } from "../../tools/conformance/suite.ts";
import { findCommand } from "../../tools/go_tools.ts";
import { COMMAND_RUNTIMES, type CommandRuntime, tidegate } from "../support/command_node.ts";
import { type LayoutDescriptor, LayoutWriter } from "../support/oci_layout_node.ts";
import { type Outcome, run, temporaryFolder } from "../support/processes_node.ts";
import { digestsOf, failure, skopeoPull, skopeoPush } from "./clients.ts";
import { sha256Hex } from "./front_door.ts";
import { type RealRegistry, startRegistry, startZot } from "./registries.ts";

const zot = findProgram("zot");
const REGISTRIES = ["docker-registry", "zot"] as const;
/** One layer, three, six requests of 1 MiB, and one for two platforms. */
const IMAGES = ["one", "three", "long", "multi"] as const;
const RUN_MS = 300_000;

const folder = temporaryFolder("interop-command");
const at = (...names: string[]): string => join(folder.path, ...names);
const made = new LayoutWriter(at("made"));
const roots = new Map<string, LayoutDescriptor>();
const expected = new Map<string, Record<string, string>>();

function start(kind: (typeof REGISTRIES)[number], name: string): Promise<RealRegistry> {
  return kind === "zot" ? startZot(zot ?? "zot", at(name)) : startRegistry(at(name));
}

/** `skopeo copy` of everything, digests as they are. */
async function copy(from: string, to: string): Promise<void> {
  const flags = ["--all", "--preserve-digests", "--src-tls-verify=false"];
  expect(failure(await run("skopeo", ["copy", ...flags, from, to]))).toBe("");
}

/** The files of an image as skopeo takes them from somewhere. */
async function filesOf(from: string): Promise<Record<string, string>> {
  const out = at(`out-${sha256Hex(from).slice(0, 16)}`);
  await copy(from, `dir:${out}`);
  return await digestsOf(out);
}

/** Run the command, and see that it does what it should. */
async function tide(runtime: CommandRuntime, cache: string, ...words: string[]): Promise<string> {
  const outcome = await tidegate(runtime, at(cache), words, { timeoutMs: RUN_MS });
  expect(failure(outcome)).toBe("");
  return outcome.stdout;
}

beforeAll(async () => {
  roots.set("one", await made.image("one", { layers: 1, layerBytes: 100_000 }));
  roots.set("three", await made.image("three", { layers: 3, layerBytes: 200_000 }));
  roots.set("long", await made.image("long", { layers: 1, layerBytes: 6_000_000 }));
  roots.set("multi", await made.index("multi", ["amd64", "arm64"]));
  for (const image of IMAGES) expected.set(image, await filesOf(`oci:${made.folder}:${image}`));
});

afterAll(() => folder.remove());

describe.each(REGISTRIES)("pulled from %s, which is off then", (from) => {
  const isThere = from !== "zot" || zot !== undefined;
  const cacheOf = (runtime: CommandRuntime): string => `cache-${from}-${runtime}`;
  const targets = new Map<string, RealRegistry>();
  let source = "";

  beforeAll(async () => {
    if (!isThere) return;
    const registry = await start(from, `source-${from}`);
    source = registry.host;
    try {
      for (const image of IMAGES) {
        await skopeoPush(made.folder, image, `${source}/made/${image}:v1`);
      }
      for (const runtime of COMMAND_RUNTIMES) {
        for (const image of IMAGES) {
          const words = ["pull", `${source}/made/${image}:v1`, "--all-platforms"];
          const said = await tide(runtime, cacheOf(runtime), ...words);
          expect(said).toContain(roots.get(image)?.digest);
        }
      }
    } finally {
      await registry.stop();
    }
    for (const kind of REGISTRIES) {
      if (kind !== "zot" || zot !== undefined) {
        targets.set(kind, await start(kind, `${from}-to-${kind}`));
      }
    }
  });
  afterAll(async () => {
    for (const target of targets.values()) await target.stop();
  });

  describe.each(REGISTRIES)(`pushed to %s`, (to) => {
    const isSkipped = !isThere || (to === "zot" && zot === undefined);

    it.skipIf(isSkipped).each(COMMAND_RUNTIMES)("by %s: equal digests", async (runtime) => {
      const { host = "" } = targets.get(to) ?? {};
      for (const image of IMAGES) {
        const target = `${host}/${runtime}/${image}:v1`;
        const words = ["push", `${source}/made/${image}:v1`, target, "--tag", "again"];
        expect(await tide(runtime, cacheOf(runtime), ...words)).toContain(roots.get(image)?.digest);
        const out = at(`pulled-${sha256Hex(target).slice(0, 16)}`);
        expect(failure(await skopeoPull(`${host}/${runtime}/${image}:again`, out))).toBe("");
        expect(await digestsOf(out)).toEqual(expected.get(image));
      }
      expect(await tide(runtime, cacheOf(runtime), "cache", "verify")).toContain("are right");
    });

    it.skipIf(isSkipped)("and pushed again: nothing moves", async () => {
      const { host = "" } = targets.get(to) ?? {};
      const words = ["push", `${source}/made/three:v1`, `${host}/node/three:v1`, "--json"];
      const result = (await tide("node", cacheOf("node"), ...words)).trim().split("\n").at(-1);
      const { metrics, outcome } = JSON.parse(result ?? "{}");
      expect({ outcome, bytes: metrics.transferred_bytes }).toEqual({
        outcome: "unchanged",
        bytes: 0,
      });
    });
  });
});

describe("the cache of the command", () => {
  let registry: RealRegistry;
  let name = "";
  beforeAll(async () => {
    registry = await startRegistry(at("registry"));
    name = `${registry.host}/made/three:v1`;
    await skopeoPush(made.folder, "three", name);
    await tide("node", "cache", "pull", name);
  });
  afterAll(() => registry.stop());

  it("is opened by skopeo copy oci:", async () => {
    expect(await filesOf(`oci:${at("cache")}:${name}`)).toEqual(expected.get("three"));
  });

  it.skipIf(findCommand("umoci") === undefined)("is opened by umoci", async () => {
    const image = `${at("cache")}:${name}`;
    const list = await run("umoci", ["ls", "--layout", at("cache")]);
    expect([failure(list), list.stdout.trim()]).toEqual(["", name]);
    const unpacked = await run("umoci", ["unpack", "--rootless", "--image", image, at("unpacked")]);
    expect(failure(unpacked)).toBe("");
    expect(readdirSync(at("unpacked", "rootfs"))).toEqual(["file-0", "file-1", "file-2"]);
  });

  it("becomes an archive that skopeo copy docker-archive: accepts", async () => {
    const archive = `docker-archive:${at("saved.tar")}:acme/three:v1`;
    await tide("node", "cache", "copy", `cache:${name}`, archive);
    const config = await configOf("three");
    expect(await imageOf(archive)).toEqual({ id: config.digest, layers: config.diffIds });
    await copy(archive, `oci:${at("from-archive")}:three`);
  });

  it("becomes an archive of a layout that skopeo reads", async () => {
    const archive = `oci-archive:${at("oci.tar")}:three`;
    await tide("node", "cache", "copy", `cache:${name}`, archive);
    expect(await filesOf(archive)).toEqual(expected.get("three"));
  });

  it.each([
    ["oci", "multi"],
    ["oci-archive", "multi"],
    ["oci", "three"],
    ["oci-archive", "three"],
  ])("%s: that skopeo wrote is pushed with equal digests: %s", async (form, image) => {
    const theirs = `${form}:${at(`theirs-${form}-${image}`)}:${image}`;
    await copy(`oci:${made.folder}:${image}`, theirs);
    const target = `${registry.host}/from-${form}/${image}:v1`;
    expect(await tide("node", "cache", "push", theirs, target)).toContain(roots.get(image)?.digest);
    expect(await filesOf(`docker://${target}`)).toEqual(expected.get(image));
  });

  it("docker-archive: that skopeo wrote is pushed with the same image and layers", async () => {
    const theirs = `docker-archive:${at("theirs.tar")}:acme/three:v1`;
    const args = ["copy", `oci:${made.folder}:three`, theirs];
    expect(failure(await run("skopeo", args))).toBe("");
    const [first, second] = ["a", "b"].map((tag) => `${registry.host}/from-docker/three:${tag}`);
    const said = await tide("node", "cache", "push", theirs, first ?? "");
    const digest = /^Digest: (\S+)$/m.exec(said)?.[1] ?? "";
    expect(await tide("bun", "cache", "push", theirs, second ?? "")).toContain(digest);
    const again = `docker-archive:${at("again.tar")}:acme/three:v1`;
    const back = ["copy", "--src-tls-verify=false", `docker://${first}`, again];
    expect(failure(await run("skopeo", back))).toBe("");
    expect(await imageOf(again)).toEqual(await imageOf(theirs));
  });
});

/** Image id and layers of a docker archive, by skopeo. */
async function imageOf(archive: string): Promise<{ id: string; layers: readonly string[] }> {
  const out = at(`image-${sha256Hex(archive).slice(0, 16)}`);
  const copied: Outcome = await run("skopeo", ["copy", archive, `dir:${out}`]);
  expect(failure(copied)).toBe("");
  const { config, layers } = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"));
  return { id: config.digest, layers: layers.map(({ digest }: LayoutDescriptor) => digest) };
}

/** What the config of an image says. */
function configOf(image: string): Promise<{ digest: string; diffIds: readonly string[] }> {
  const read = (digest = ""): string =>
    readFileSync(join(made.folder, "blobs", ...digest.split(":")), "utf8");
  const { config } = JSON.parse(read(roots.get(image)?.digest));
  const { rootfs } = JSON.parse(read(config.digest));
  return Promise.resolve({ digest: config.digest, diffIds: rootfs.diff_ids });
}
