/** The command as a process, with a disk that refuses, or that has lost what it was given. */
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { COMMAND_RUNTIMES, commandEnv, commandOf, tidegate } from "../support/command_node.ts";
import { mountDisk, type SmallDisk } from "../support/disk_node.ts";
import { run, temporaryFolder } from "../support/processes_node.ts";
import { type PulledCache, pullOnce } from "./command_kill.ts";
import {
  blobReads,
  type CommandWorld,
  expectRightCache,
  openCommandWorld,
} from "./command_world.ts";

let world: CommandWorld;
let pulled: PulledCache;
beforeAll(async () => {
  world = await openCommandWorld();
  pulled = await pullOnce();
});
afterAll(async () => {
  await world.close();
  await pulled.remove();
});

const folder = temporaryFolder("command-disk");
/** The two large layers do not fit, the two small ones leave room: something is always unfinished. */
const SMALL = "2400k";
const mount = (): SmallDisk | undefined => mountDisk(join(folder.path, "disk"), SMALL);
const tried = mount();
tried?.end(); // who collects tests may not run them
const noDisk = tried === undefined; // this user may not mount one
let disk: SmallDisk | undefined;
beforeAll(() => void (disk = mount()));
const onDisk = (name: string): string => join(disk?.path ?? "", name);
afterAll(() => {
  disk?.end();
  folder.remove();
});
const sentBytes = (): number => blobReads(world).reduce((sum, one) => sum + one.sentBytes, 0);
/** In blobs, whole or in part; the manifest does not count. */
function keptBytes(cache: string): number {
  const folders = [join(cache, "blobs", "sha256"), join(cache, ".tidegate", "partial")];
  const files = folders.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  return files.reduce((sum, file) => sum + statSync(file).size, 0);
}
const imageBytes = (): number =>
  world.image.blobs.reduce((sum, { content }) => sum + content.size, 0);

describe.skipIf(noDisk)("a full disk", () => {
  beforeEach(() => {
    for (const name of disk ? readdirSync(disk.path) : []) {
      rmSync(onDisk(name), { recursive: true });
    }
    disk?.set(`size=${SMALL}`);
  });

  it.each(COMMAND_RUNTIMES)("ends a pull on %s, which goes on when there is room", async (name) => {
    const cache = onDisk(`cache-${name}`);
    const full = await tidegate(name, cache, ["pull", world.name]);
    expect(full).toMatchObject({
      status: 8,
      stdout: "",
      stderr: expect.stringMatching(/ENOSPC\)\nNext: The disk is full\. .* to continue\n$/),
    });
    await expectRightCache(name, cache);
    const [kept, before] = [keptBytes(cache), sentBytes()];
    expect(kept).toBeGreaterThan(1_500_000);
    disk?.set("size=40m");
    const again = await tidegate(name, cache, ["pull", world.name]);
    expect(again).toMatchObject({ status: 0, stderr: expect.stringMatching(/continues at/) });
    await expectRightCache(name, cache);
    expect(sentBytes() - before).toBe(imageBytes() - kept);
    rmSync(cache, { recursive: true });
  });

  it.each(["oci-archive", "docker-archive"])("leaves no %s", async (form) => {
    const archive = `${form}:${onDisk(`${form}.tar`)}:app`;
    const words = ["copy", world.name, archive];
    const full = await tidegate("node", onDisk("cache"), words);
    expect(full).toMatchObject({ status: 8, stderr: expect.stringMatching(/Next: The disk is/) });
    expect(await tidegate("node", onDisk("cache"), ["inspect", archive])).toMatchObject({
      status: 3,
    });
    disk?.set("size=80m");
    expect(await tidegate("node", onDisk("cache"), words)).toMatchObject({ status: 0 });
    expect(await tidegate("node", onDisk("cache"), ["inspect", archive])).toMatchObject({
      status: 0,
    });
  });

  it("does not keep a push from ending: it leaves no record", async () => {
    disk?.set("size=40m");
    const cache = onDisk("pushed");
    pulled.copyTo(cache);
    expect(() => writeFileSync(onDisk("filler"), new Uint8Array(100_000_000))).toThrow("ENOSPC");
    const target = `${world.at.target}/from-full:v1`;
    const pushed = await tidegate("node", cache, ["push", pulled.name, target]);
    expect(pushed).toMatchObject({ status: 0 });
    rmSync(onDisk("filler"));
  });
});

describe("a limit for files", () => {
  it.each(COMMAND_RUNTIMES)("ends a pull on %s with a word, and loses nothing", async (name) => {
    const cache = world.path(`limited-${name}`);
    const words = [...commandOf(name), "pull", world.name];
    const limited = await run("sh", ["-c", 'ulimit -f 2000; exec "$@"', "sh", ...words], {
      env: commandEnv(cache),
    });
    expect(limited).toMatchObject({
      status: 8,
      stderr: expect.stringMatching(/no file of this size.*\nNext: .*ulimit -f/),
    });
    await expectRightCache(name, cache);
    const again = await tidegate(name, cache, ["pull", world.name]);
    expect(again).toMatchObject({ status: 0, stderr: expect.stringMatching(/continues at/) });
  });
});

describe.skipIf(noDisk)("a read-only cache", () => {
  beforeAll(() => {
    disk?.set("size=80m");
    pulled.copyTo(onDisk("read-only"));
    disk?.set("ro");
  });
  afterAll(() => disk?.set("rw"));

  it.each(COMMAND_RUNTIMES)("is read on %s, and takes nothing", async (name) => {
    const cache = onDisk("read-only");
    const refused = {
      status: 8,
      stderr: expect.stringMatching(/read-only \(EROFS\)\nNext: .*--cache DIR\n$/),
    };
    expect(await tidegate(name, cache, ["cache", "ls"])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(pulled.name),
    });
    const target = `${world.at.target}/from-read-only/${name}:v1`;
    expect(await tidegate(name, cache, ["push", pulled.name, target])).toMatchObject({ status: 0 });
    expect(world.target.repository(`from-read-only/${name}`).tags.get("v1"))
      .toBe(world.image.digest);
    expect(await tidegate(name, cache, ["pull", world.name])).toMatchObject(refused);
    expect(await tidegate(name, cache, ["cache", "rm", pulled.name])).toMatchObject(refused);
    expect(await tidegate(name, cache, ["cache", "gc"])).toMatchObject(refused);
    expect(await tidegate(name, onDisk("new"), ["pull", world.name])).toMatchObject(refused);
    await expectRightCache(name, cache);
  });
});

describe("a cache that was damaged", () => {
  const open = (name: string): string => {
    pulled.copyTo(world.path(name));
    return world.path(name);
  };
  const blobPath = (cache: string, digest = ""): string =>
    join(cache, "blobs", ...digest.split(":"));
  const push = (cache: string): ReturnType<typeof tidegate> => {
    const target = `${world.at.target}/damaged:v1`;
    return tidegate("node", cache, ["push", pulled.name, target]);
  };
  const noTags = (): void =>
    expect([...world.target.repository("damaged").tags.keys()]).toEqual([]);

  it("a layer that is too short: push and verify say so, a pull puts it right", async () => {
    const cache = open("short");
    const [layer] = world.image.layers;
    truncateSync(blobPath(cache, layer?.digest), 1_000_000);
    expect(await push(cache)).toMatchObject({
      status: 5,
      stderr: expect.stringMatching(/Next: 'tidegate cache verify --quarantine'/),
    });
    noTags();
    const verified = await tidegate("node", cache, ["cache", "verify"]);
    expect(verified).toMatchObject({
      status: 5,
      stderr: expect.stringContaining(layer?.digest ?? ""),
    });
    const pull = ["pull", world.name];
    expect(await tidegate("node", cache, pull)).toMatchObject({ status: 0 });
    await expectRightCache("node", cache);
    expect(await push(cache)).toMatchObject({ status: 0 });
    world.target.repository("damaged").tags.clear();
  });

  it("a manifest with another bit: it is not pushed, and set aside", async () => {
    const cache = open("bit");
    const path = blobPath(cache, world.image.digest);
    const bytes = readFileSync(path);
    bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    expect(await push(cache)).toMatchObject({
      status: 5,
      stderr: expect.stringMatching(/Next: 'tidegate cache verify --quarantine'/),
    });
    noTags();
    const set = await tidegate("node", cache, ["cache", "verify", "--quarantine"]);
    expect(set).toMatchObject({ status: 5 });
    expect(await tidegate("node", cache, ["pull", world.name])).toMatchObject({ status: 0 });
    await expectRightCache("node", cache);
  });

  it.each(["", "{", "[]", '{"schemaVersion":2,"manifests":{}}'])(
    "an index of %j is named, and not written over",
    async (text) => {
      const cache = open(`index-${text.length}`);
      const path = join(cache, "index.json");
      writeFileSync(path, text);
      const refused = { status: 8, stderr: expect.stringMatching(/index\.json.*\nNext: /) };
      for (const words of [["pull", world.name], ["push", pulled.name, "a/b"], ["cache", "gc"]]) {
        expect(await tidegate("node", cache, words)).toMatchObject(refused);
      }
      expect(readFileSync(path, "utf8")).toBe(text);
    },
  );
});
