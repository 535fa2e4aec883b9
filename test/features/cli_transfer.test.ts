import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildImage, type BuiltImage } from "../../src/simulation/mod.ts";
import { nodeHasher } from "../../src/simulation/serve_node.ts";
import {
  CLI_CANARY,
  type CliWorld,
  jsonLines,
  openCliWorld,
  runToThirdChunk,
} from "../support/cli_world.ts";
import { violations } from "../support/json_schema.ts";

let world: CliWorld;
let large: BuiltImage;
beforeAll(async () => {
  world = await openCliWorld();
  large = await buildImage({ layers: [6_000_000, 2_500_000], seed: 77, hasher: nodeHasher });
  world.registry.add("acme/large", { image: large, tags: ["v1"] });
});
afterAll(() => world.close());

const app = (suffix = ":v1"): string => `${world.at.registry}/acme/app${suffix}`;
const largeApp = (): string => `${world.at.registry}/acme/large:v1`;
const cacheAt = (name: string): string[] => ["--cache", world.path(name)];
const tagsOf = (repository: string): readonly string[] =>
  [...world.other.repository(repository).tags.keys()].sort();

describe("tidegate pull and push", () => {
  it("pull, and push with the source switched off: equal digests", async () => {
    const cache = cacheAt("offline");
    const pulled = await world.run(["pull", app(), ...cache]);
    expect(pulled).toMatchObject({ code: 0 });
    const digest = world.index.children[0]?.digest;
    expect(pulled.out).toBe(`Pulled ${app()}\nDigest: ${digest}\n`);
    expect(pulled.err).toMatch(/layer 3\/3 sha256:/);
    const off = world.simulation.faults.add({
      host: "registry.test",
      action: { kind: "drop", by: "reset" },
    });
    const target = `${world.at.other}/moved/app:v9`;
    const pushed = await world.run(["push", app(), target, "--tag", "v9.1", ...cache]);
    off();
    expect(pushed).toMatchObject({ code: 0, out: `Pushed ${target}\nDigest: ${digest}\n` });
    expect(tagsOf("moved/app")).toEqual(["v9", "v9.1"]);
    expect(world.other.repository("moved/app").tags.get("v9")).toBe(digest);
  });

  it("the cache is an OCI layout for its owner alone, and notes what it has", async () => {
    const folder = world.path("noted");
    await world.run(["pull", app(), "--cache", folder]);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    const index = JSON.parse(await readFile(world.path("noted", "index.json"), "utf8"));
    expect(index.manifests[0].annotations).toMatchObject({
      "org.opencontainers.image.ref.name": app(),
      "tidegate.source_image": app(),
      "tidegate.cached_at": expect.stringMatching(/^\d{10}$/),
    });
    const listed = await world.run(["cache", "ls", "--json", "--cache", folder]);
    expect(JSON.parse(listed.out).images).toMatchObject([{
      source_image: app(),
      layers: [expect.any(String), expect.any(String)],
      cached_at: expect.any(Number),
    }]);
  });

  it("platforms: one by name, by the environment, or all", async () => {
    const arm64 = world.index.children[1]?.digest ?? "";
    const cache = cacheAt("platforms");
    const named = await world.run(["pull", app(), "--platform", "arm64", ...cache]);
    expect(named.out).toContain(arm64);
    const env = { TIDEGATE_PLATFORM: "linux/arm64" };
    expect((await world.run(["pull", app(), ...cache], { env })).out).toContain(arm64);
    const all = await world.run(["pull", app(), "--all-platforms", "--referrers", ...cache]);
    expect(all.out).toContain(world.index.digest);
    expect(await world.run(["pull", app(), "--platform", "s390x", ...cache])).toMatchObject({
      code: 3,
    });
    const both = ["pull", app(), "--platform", "arm64", "--all-platforms", ...cache];
    expect(await world.run(both)).toMatchObject({ code: 2 });
  });

  it("again: nothing moves", async () => {
    const cache = cacheAt("again");
    await world.run(["pull", largeApp(), ...cache]);
    const before = world.simulation.log.length;
    const again = await world.run(["pull", largeApp(), ...cache]);
    expect(again).toMatchObject({ code: 0, out: expect.stringContaining("was there already") });
    const blobs = world.simulation.log.slice(before).filter(({ target }) =>
      target.includes("/blobs/")
    );
    expect(blobs).toEqual([]);
  });

  it("events as JSON lines, with the metrics at the end", async () => {
    const { code, err, out } = await world.run([
      "pull",
      largeApp(),
      "--json",
      ...cacheAt("events"),
    ]);
    const events = jsonLines(out);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(events[0]).toMatchObject({ type: "copy.started" });
    const schema = JSON.parse(await readFile("docs/events.schema.json", "utf8"));
    for (const event of events.slice(0, -1)) expect(violations(schema, event)).toEqual([]);
    expect(events.filter(({ type }) => type === "blob.finished")).toHaveLength(3);
    expect(events.at(-1)).toMatchObject({
      type: "result",
      digest: large.digest,
      metrics: {
        total_bytes: expect.any(Number),
        transferred_bytes: expect.any(Number),
        progress_percent: 100,
        layer_count: 3,
        current_layer: 3,
      },
    });
  });

  it("quiet says the result alone", async () => {
    const { err, out } = await world.run(["pull", app(), "-q", ...cacheAt("quiet")]);
    expect(err).toBe("");
    expect(out).toContain("Pulled");
  });

  it("bars on a terminal are gone at the end", async () => {
    const words = ["pull", largeApp(), "--concurrency", "1", ...cacheAt("bars")];
    const { err } = await world.run(words, { isTerminal: true });
    expect(err).toContain("\u001b[J");
    expect(err).toContain("total ");
  });

  it("a broken connection is continued, and told of", async () => {
    const [layer] = large.layers;
    const remove = world.simulation.faults.add({
      path: `*${layer?.digest}`,
      first: 1,
      action: { kind: "cut", at: 2_000_000, by: "reset" },
    });
    const { code, err } = await world.run(["pull", largeApp(), ...cacheAt("cut")]);
    remove();
    expect(code).toBe(0);
    expect(err).toMatch(/Resuming sha256:[0-9a-f]{12} at byte \d+/);
  });
});

describe("tidegate copy", () => {
  it("between registries, all platforms, with referrers", async () => {
    const target = `${world.at.other}/copied/app:v1`;
    const copied = await world.run(["copy", app(), target, "--referrers"]);
    expect(copied).toMatchObject({
      code: 0,
      out: `Copied ${app()} to ${target}\nDigest: ${world.index.digest}\n`,
    });
    const found = await world.run(["referrers", target]);
    expect(found.out).toContain("application/spdx+json");
  });

  it("within a registry blobs are mounted", async () => {
    const copied = await world.run(["copy", app(), `${world.at.registry}/acme/second:v1`]);
    expect(copied.err).toMatch(/mounted/);
  });

  it("into a layout, and out of it", async () => {
    const layout = `oci:${world.path("layout")}:app`;
    expect(await world.run(["copy", app(), layout])).toMatchObject({ code: 0 });
    const inspected = await world.run(["inspect", layout, "--json"]);
    expect(JSON.parse(inspected.out)).toMatchObject({ digest: world.index.digest });
    const target = `${world.at.other}/from-layout:v1`;
    expect(await world.run(["copy", layout, target])).toMatchObject({ code: 0 });
    expect(world.other.repository("from-layout").tags.get("v1")).toBe(world.index.digest);
    const compared = await world.run(["diff", layout, target]);
    expect(compared).toMatchObject({ code: 0 });
    expect(await world.run(["copy", app(), `oci:${world.path("layout")}`])).toMatchObject({
      code: 2,
      err: expect.stringContaining("needs a name"),
    });
  });
});

describe("tidegate copy, archives", () => {
  it.each([
    ["oci-archive", ":app:v1", (): string => world.index.digest],
    ["docker-archive", ":acme/app:v1", (): string => world.index.children[0]?.digest ?? ""],
  ])("into an %s, and out of it", async (form, name, digest) => {
    const archive = `${form}:${world.path(`${form}.tar`)}${name}`;
    expect(await world.run(["copy", app(), archive])).toMatchObject({ code: 0 });
    expect(await readdir(world.folder)).not.toContain(`${form}.tar.partial`);
    const inspected = await world.run(["inspect", archive, "--json"]);
    expect(JSON.parse(inspected.out)).toMatchObject({ digest: digest() });
    const target = `${world.at.other}/from-${form}:v1`;
    expect(await world.run(["copy", archive, target])).toMatchObject({ code: 0 });
    expect(world.other.repository(`from-${form}`).tags.get("v1")).toBe(digest());
    expect(await world.run(["push", archive, `${target}.1`])).toMatchObject({ code: 0 });
  });

  it("a file that is no archive", async () => {
    const path = world.path("none.tar");
    await writeFile(path, "this is no tar");
    const words = ["copy", `oci-archive:${path}`, `${world.at.other}/none:v1`];
    expect(await world.run(words)).toMatchObject({ code: 8, err: expect.stringContaining("Next") });
    expect(await world.run(["inspect", `docker-archive:${world.path("no.tar")}`])).toMatchObject({
      code: 3,
    });
  });
});

describe("tidegate sync", () => {
  const from = (): string => `${world.at.registry}/acme/app`;
  const to = (name: string): string => `${world.at.other}/synced/${name}`;

  it("by options: looks, copies, finds nothing to do, deletes only when told", async () => {
    const words = ["sync", from(), to("app")];
    const dry = await world.run([...words, "--dry-run"]);
    expect(dry).toMatchObject({ code: 0, out: expect.stringContaining("2 would be copied") });
    expect(tagsOf("synced/app")).toEqual([]);
    const first = await world.run(words);
    expect(first.out).toBe("2 copied, 0 unchanged, 0 deleted, 0 failed\n");
    expect(tagsOf("synced/app")).toEqual(["v1", "v2"]);
    const again = await world.run([...words, "--json"]);
    expect(jsonLines(again.out).at(-1)).toMatchObject({ type: "result", unchanged: 2, copied: 0 });
    const fewer = await world.run([...words, "--newest", "1", "--delete"]);
    expect(fewer.out).toContain("1 deleted");
    expect(tagsOf("synced/app")).toEqual(["v2"]);
  });

  it("by a plan", async () => {
    const path = world.path("plan.yaml");
    await writeFile(
      path,
      `defaults: { platforms: [linux/amd64] }
rules:
  - { from: "${from()}", to: "${to("planned")}", tags: { semver: "1.x" } }
  - { from: "${from()}-none", to: "${to("none")}" }
`,
    );
    const synced = await world.run(["sync", path]);
    expect(synced).toMatchObject({ code: 1, out: expect.stringContaining("1 copied") });
    expect(synced.err).toContain("was not copied");
    expect(tagsOf("synced/planned")).toEqual(["v1"]);
    expect(await world.run(["sync", path, "--newest", "1"])).toMatchObject({ code: 2 });
    expect(await world.run(["sync", path, "--delete"])).toMatchObject({ code: 2 });
    await writeFile(path, "rules: [{ from: a/b, too: c/d }]");
    expect(await world.run(["sync", path])).toMatchObject({
      code: 2,
      err: expect.stringContaining("rules[0].to"),
    });
    expect(await world.run(["sync", world.path("none.yaml")])).toMatchObject({ code: 2 });
  });

  it("a rule that makes no sense", async () => {
    const bad = ["sync", from(), to("x"), "--semver", "not a range"];
    expect(await world.run(bad)).toMatchObject({ code: 2 });
  });

  it("repositories by glob, where the registry has a catalog", async () => {
    const globs = ["sync", `${world.at.registry}/acme/*`, `${world.at.other}/all/{name}`];
    const none = await world.run(globs);
    expect(none).toMatchObject({ code: 1, err: expect.stringContaining("has no catalog") });
    const repositories = ["acme/app", "acme/large", "other/app"];
    const answer = (body: unknown): () => void =>
      world.simulation.faults.add({
        path: "/v2/_catalog",
        action: { kind: "answer", status: 200, body: JSON.stringify(body) },
      });
    const remove = answer({ repositories });
    const synced = await world.run([...globs, "--include", "v1"]);
    remove();
    expect(synced).toMatchObject({ code: 0, out: expect.stringContaining("2 copied") });
    expect(tagsOf("all/app")).toEqual(["v1"]);
    expect(tagsOf("all/large")).toEqual(["v1"]);
    for (const body of [{ repositories: ["../x"] }, { repositories: 1 }, []]) {
      const undo = answer(body);
      const refused = await world.run(globs);
      undo();
      expect(refused).toMatchObject({ code: 1, err: expect.stringContaining("The catalog must") });
    }
  });
});

describe("tidegate cache", () => {
  it("ls tells of the others when one manifest cannot be read", async () => {
    const cache = cacheAt("unread");
    await world.run(["pull", app(":v2"), ...cache]);
    const bytes = '{"schemaVersion":2,"config":{},"layers":{}}';
    const hex = createHash("sha256").update(bytes).digest("hex");
    await writeFile(world.path("unread", "blobs", "sha256", hex), bytes);
    const path = world.path("unread", "index.json");
    const index = JSON.parse(await readFile(path, "utf8"));
    const [{ mediaType }] = index.manifests;
    index.manifests.push({
      ...{ mediaType, digest: `sha256:${hex}`, size: bytes.length },
      annotations: { "org.opencontainers.image.ref.name": "odd:v1" },
    });
    await writeFile(path, JSON.stringify(index));
    const { code, out } = await world.run(["cache", "ls", ...cache]);
    expect([code, out]).toEqual([0, expect.stringContaining(app(":v2"))]);
    expect(out).toMatch(/^odd:v1 +\S+ +- /m);
  });

  it("ls of none, rm, gc, verify", async () => {
    const cache = cacheAt("kept");
    expect(await world.run(["cache", "ls", ...cache])).toMatchObject({ code: 0, out: "" });
    await expect(stat(world.path("kept"))).rejects.toThrow("ENOENT");
    expect(await world.run(["cache", "verify", ...cache])).toMatchObject({ code: 3 });
    await world.run(["pull", app(), ...cache]);
    await world.run(["pull", app(":v2"), ...cache]);
    expect((await world.run(["cache", "ls", ...cache])).out).toContain(app(":v2"));
    expect(await world.run(["cache", "verify", ...cache])).toMatchObject({ code: 0 });
    expect(await world.run(["cache", "rm", app(":none"), ...cache])).toMatchObject({ code: 3 });
    expect(await world.run(["cache", "rm", ...cache])).toMatchObject({ code: 2 });
    const removed = await world.run(["cache", "rm", `cache:${app()}`, "--keep-blobs", ...cache]);
    expect(removed).toMatchObject({ code: 0, out: `Removed ${app()}\n` });
    const dry = await world.run(["cache", "gc", "--dry-run", ...cache]);
    expect(dry.out).toMatch(/Would free/);
    expect(await world.run(["cache", "gc", "--json", ...cache])).toMatchObject({ code: 0 });
    expect(await world.run(["cache", "gc", "--partial-days", "x", ...cache])).toMatchObject({
      code: 2,
    });
    expect(await world.run(["cache", "rm", "--all", "--json", ...cache])).toMatchObject({
      code: 0,
    });
  });

  it("a corrupted blob: verify finds it, push refuses it, a pull heals it", async () => {
    const cache = cacheAt("corrupt");
    await world.run(["pull", largeApp(), ...cache]);
    const [layer] = large.layers;
    const hex = layer?.digest.slice("sha256:".length) ?? "";
    const path = world.path("corrupt", "blobs", "sha256", hex);
    const bytes = await readFile(path);
    bytes[1_000_000] = (bytes[1_000_000] ?? 0) ^ 1;
    await writeFile(path, bytes, { flag: "r+" });
    const target = `${world.at.other}/corrupt:v1`;
    const pushed = await world.run(["push", largeApp(), target, ...cache]);
    expect(pushed.code).toBe(5);
    expect(tagsOf("corrupt")).toEqual([]);
    const verified = await world.run(["cache", "verify", ...cache]);
    expect(verified).toMatchObject({ code: 5, err: expect.stringContaining(layer?.digest ?? "") });
    expect(await world.run(["cache", "verify", "--quarantine", "--json", ...cache])).toMatchObject({
      code: 5,
    });
    const healed = await world.run(["pull", largeApp(), "--deep", ...cache]);
    expect(healed).toMatchObject({ code: 0 });
    expect(await world.run(["cache", "verify", ...cache])).toMatchObject({ code: 0 });
    expect(await world.run(["push", largeApp(), target, ...cache])).toMatchObject({ code: 0 });
  });

  it("two commands at once on one cache", async () => {
    const cache = cacheAt("shared");
    const results = await Promise.all([
      world.run(["pull", largeApp(), ...cache]),
      world.run(["pull", app(), ...cache]),
      world.run(["pull", largeApp(), ...cache]),
    ]);
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(await world.run(["cache", "verify", ...cache])).toMatchObject({ code: 0 });
  });
});

describe("tidegate, what goes wrong with images", () => {
  const offline = ["127.0.0.1:1/acme/app"];

  it.each<[string, () => readonly string[], number, RegExp]>([
    ["pull of an unknown image", () => ["pull", app(":none")], 3, /Next: Check the spelling/],
    ["pull of a bad reference", () => ["pull", "acme/App"], 2, /Next: An image is/],
    ["pull without rights", () => ["pull", `${world.at.locked}/acme/app:v1`], 4, /tidegate login/],
    ["pull from nowhere", () => ["pull", ...offline], 7, /Next: Check the network/],
    ["pull of a layout", () => ["pull", "oci:x"], 2, /needs an image in a registry/],
    ["push of what was not pulled", () => ["push", "alpine", `${world.at.other}/a`], 3, /pull/i],
    ["push from no cache", () => ["push", "alpine", "a", "--cache", "/none/x"], 3, /Next: Pull/],
    ["copy from no layout", () => ["copy", "oci:/none/x", `${world.at.other}/a`], 3, /none/],
    ["copy to nowhere", () => ["copy", app(), ...offline], 7, /Next/],
    ["copy of an unknown image", () => ["copy", app(":none"), `${world.at.other}/a`], 3, /Next/],
    [
      "copy with a bad number",
      () => ["copy", app(), app(":v3"), "--concurrency", "0"],
      2,
      /from 1/,
    ],
    ["uploads cancel of none", () => ["uploads", "cancel", "sha256:0123456789"], 3, /no such/],
    ["uploads cancel of nothing", () => ["uploads", "cancel"], 2, /--all/],
    ["uploads resume of none", () => ["uploads", "resume", "sha256:0123456789"], 3, /waiting/],
  ])("%s", async (_, words, code, says) => {
    const result = await world.run(["--debug", ...words()].filter((word) => word !== "--debug"));
    expect(result.err + result.out).toMatch(says);
    expect(result.code).toBe(code);
  });

  it("push without rights: the blobs do not move", async () => {
    const cache = cacheAt("rights");
    await world.run(["pull", largeApp(), ...cache]);
    const target = `${world.at.locked}/acme/new:v1`;
    expect(await world.run(["push", largeApp(), target, ...cache])).toMatchObject({ code: 4 });
    const words = ["push", largeApp(), target, "-u", "ann", "--password-stdin", ...cache];
    const pushed = await world.run(words, { stdin: CLI_CANARY });
    expect(pushed).toMatchObject({ code: 0 });
  });

  it("a cache that is a file, or no layout", async () => {
    const file = world.path("a-file");
    await writeFile(file, "x");
    expect(await world.run(["pull", app(), "--cache", file])).toMatchObject({ code: 8 });
    await mkdir(world.path("no-layout"));
    await writeFile(world.path("no-layout", "oci-layout"), "{}");
    expect(await world.run(["pull", app(), ...cacheAt("no-layout")])).toMatchObject({ code: 8 });
  });

  it("the registry goes down halfway; the next run continues", async () => {
    const cache = cacheAt("halfway");
    const [layer] = large.layers;
    const remove = world.simulation.faults.add(
      { path: `*${layer?.digest}`, first: 1, action: { kind: "cut", at: 4_000_000, by: "reset" } },
      { path: `*${layer?.digest}`, after: 1, action: { kind: "drop", by: "reset" } },
    );
    const broken = await world.run(["pull", largeApp(), ...cache]);
    remove();
    expect(broken.code).toBe(7);
    expect(broken.err).toMatch(/Next: .*continue/);
    const before = world.simulation.log.length;
    const again = await world.run(["pull", largeApp(), ...cache]);
    expect(again).toMatchObject({ code: 0 });
    expect(again.err).toMatch(/layer 2\/3 sha256:[0-9a-f]{12} continues at 3\.\d MiB of 5\.7 MiB/);
    const ranged = world.simulation.log.slice(before).filter(({ headers }) =>
      new Headers(headers as HeadersInit).has("range")
    );
    expect(ranged).toHaveLength(1);
  });

  it("an interrupted push leaves a record: listed, resumed, cancelled", async () => {
    const cache = cacheAt("interrupted");
    const env = { DOCKER_CHUNK_SIZE_MB: "1" };
    await world.run(["pull", largeApp(), ...cache]);
    const interrupt = async (target: string): Promise<number> => {
      const words = ["push", largeApp(), target, "--concurrency", "1", ...cache];
      const { code, err } = await runToThirdChunk(world, words, env);
      expect(err).toContain("Next: Run the same command again to continue");
      return code;
    };
    const target = `${world.at.other}/cut/app:v1`;
    expect(await interrupt(target)).toBe(130);
    const listed = await world.run(["uploads", "ls", "--json", ...cache]);
    const [upload] = JSON.parse(listed.out).uploads;
    expect(upload).toMatchObject({ repository: "cut/app", isRunning: false });
    expect(upload.offset).toBeGreaterThan(0);
    expect(listed.out).not.toContain("location");
    expect((await world.run(["uploads", "ls", ...cache])).out).toContain("waiting");
    const resumed = await world.run(["uploads", "resume", ...cache], { env });
    expect(resumed).toMatchObject({ code: 0 });
    expect(resumed.err).toMatch(/continues at/);
    expect(world.other.repository("cut/app").tags.get("v1")).toBe(large.digest);
    expect(await interrupt(`${world.at.other}/cut/second:v1`)).toBe(130);
    const cancelled = await world.run(["uploads", "cancel", "--all", ...cache]);
    expect(cancelled).toMatchObject({ code: 0, out: expect.stringContaining("Cancelled") });
    expect(world.other.uploads.size).toBe(0);
    expect(await world.run(["uploads", "ls", ...cache])).toMatchObject({ out: "" });
  });
});

const canMount = process.getuid?.() === 0 && process.platform === "linux" && mounts();

function mounts(): boolean {
  try {
    execFileSync("unshare", ["--mount", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(!canMount)("tidegate, disks", () => {
  it("a full disk is exit code 8; with space it goes on", async () => {
    const folder = world.path("small");
    await mkdir(folder);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", folder]);
    try {
      const words = ["pull", largeApp(), "--cache", world.path("small", "cache")];
      const full = await world.run(words);
      expect(full).toMatchObject({ code: 8, err: expect.stringContaining("The disk is full") });
      execFileSync("mount", ["-o", "remount,size=40m", folder]);
      expect(await world.run(words)).toMatchObject({ code: 0 });
      expect(await readdir(world.path("small", "cache"))).toContain("oci-layout");
      execFileSync("mount", ["-o", "remount,ro", folder]);
      const other = ["pull", app(), "--cache", world.path("small", "cache")];
      const readOnly = await world.run(other);
      expect(readOnly).toMatchObject({ code: 8, err: expect.stringContaining("read-only") });
      const used = ["push", largeApp(), `${world.at.other}/ro:v1`, ...other.slice(2)];
      expect(await world.run(used)).toMatchObject({ code: 0 });
    } finally {
      execFileSync("umount", [folder]);
    }
  });
});
