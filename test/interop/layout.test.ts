import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ImageLayout,
  type LayoutReader,
  openArchive,
  openLayout,
  writeArchive,
} from "../../src/layout/mod.ts";
import { type Descriptor, isMultiArch, parseManifest } from "../../src/manifest/mod.ts";
import { findCommand } from "../../tools/go_tools.ts";
import { mountDisk } from "../support/disk_node.ts";
import { describeBytes, patternBytes } from "../support/layouts_node.ts";
import { LayoutWriter } from "../support/oci_layout_node.ts";
import { type Outcome, run, temporaryFolder } from "../support/processes_node.ts";
import { digestsOf, failure, podman } from "./clients.ts";
import { startDocker } from "./docker.ts";

const NAME = "registry.example.com/app:v1.0";
const MULTI = "docker.io/library/multi:1";

const folder = temporaryFolder("interop-layout");
const at = (name: string): string => join(folder.path, name);
const source = new LayoutWriter(at("source"));
let cache: ImageLayout;
let images: { readonly name: string; readonly descriptor: Descriptor }[];

/** `skopeo copy` of everything, digests as they are. */
async function copy(from: string, to: string): Promise<void> {
  const flags = ["--all", "--preserve-digests", "--insecure-policy"];
  expect(failure(await run("skopeo", [...flags.slice(2), "copy", ...flags.slice(0, 2), from, to])))
    .toBe("");
}

/** The files of an image as skopeo takes them from somewhere. */
async function filesOf(from: string): Promise<Record<string, string>> {
  const out = at(`out-${readdirSync(folder.path).length}`);
  await copy(from, `dir:${out}`);
  return await digestsOf(out);
}

/** Copy an image, children before parents. */
async function copyTree(from: LayoutReader, to: ImageLayout, root: Descriptor): Promise<void> {
  const found = await from.manifest(root.digest);
  if (found === undefined) throw new Error(`${root.digest} is not there`);
  const manifest = parseManifest(found.bytes);
  if (isMultiArch(manifest)) {
    for (const child of manifest.manifests) await copyTree(from, to, child);
  } else {
    for (const blob of [manifest.config, ...manifest.layers]) {
      const writer = await to.blobWriter(blob);
      for await (const chunk of (await from.openBlob(blob)).slice(writer.offset)) {
        await writer.write(chunk);
      }
      await writer.close();
    }
  }
  await to.putManifest(found);
}

beforeAll(async () => {
  await source.image("one", { layers: 3, layerBytes: 200_000 });
  await source.index("multi", ["amd64", "arm64"]);
  const from = await openLayout(at("source"), { create: false });
  cache = await openLayout(at("cache"));
  images = [];
  for (const [tag, name] of [["one", NAME], ["multi", MULTI]] as const) {
    const descriptor = await from.resolve(tag) as Descriptor;
    await copyTree(from, cache, descriptor);
    await cache.tag(name, descriptor, { sourceImage: name });
    images.push({ name, descriptor });
  }
});

afterAll(() => folder.remove());

describe("the cache", () => {
  it("is a layout from which skopeo copies", async () => {
    expect(await filesOf(`oci:${at("cache")}:${NAME}`)).toEqual(
      await filesOf(`oci:${at("source")}:one`),
    );
    expect(await filesOf(`oci:${at("cache")}:${MULTI}`)).toEqual(
      await filesOf(`oci:${at("source")}:multi`),
    );
  });

  it("is a layout that skopeo writes to, and stays what it was", async () => {
    await copy(`oci:${at("source")}:one`, `oci:${at("cache")}:by/skopeo:1`);
    const names = (await cache.names()).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining([NAME, MULTI, "by/skopeo:1"]));
    const kept = (await cache.names()).find(({ name }) => name === MULTI);
    expect(kept?.cache).toMatchObject({ sourceImage: MULTI });
    expect(await cache.verify()).toMatchObject({ corrupt: [], missing: [] });
    expect(await cache.untag("by/skopeo:1")).toBe(true);
    await cache.tag(NAME, images[0]?.descriptor as Descriptor, { sourceImage: NAME });
  });

  it.skipIf(findCommand("umoci") === undefined)("is a layout that umoci opens", async () => {
    const umoci = (...args: string[]): Promise<Outcome> => run("umoci", args);
    const list = await umoci("ls", "--layout", at("cache"));
    expect(failure(list)).toBe("");
    expect(list.stdout.trim().split("\n").sort()).toEqual([MULTI, NAME]);
    expect(failure(await umoci("stat", "--image", `${at("cache")}:${NAME}`))).toBe("");
    const unpacked = await umoci(
      "unpack",
      "--rootless",
      "--image",
      `${at("cache")}:${NAME}`,
      at("u"),
    );
    expect(failure(unpacked)).toBe("");
    expect(readdirSync(join(at("u"), "rootfs"))).toEqual(["file-0", "file-1", "file-2"]);
    expect(failure(await umoci("gc", "--layout", at("cache")))).toBe("");
    expect(await cache.verify()).toMatchObject({ corrupt: [], missing: [] });
    expect((await cache.names()).every(({ cache }) => cache !== undefined)).toBe(true);
  });
});

describe("archives", () => {
  it("of an OCI layout are read by skopeo, and written by it for us", async () => {
    await writeArchive(cache, images, at("oci.tar"));
    expect(await filesOf(`oci-archive:${at("oci.tar")}:${MULTI}`)).toEqual(
      await filesOf(`oci:${at("source")}:multi`),
    );
    await copy(`oci:${at("source")}:multi`, `oci-archive:${at("theirs.tar")}:multi`);
    const theirs = await openArchive(at("theirs.tar"));
    expect(await theirs.resolve("multi")).toMatchObject({ digest: images[1]?.descriptor.digest });
  });

  it("for docker load are read by skopeo, podman and Docker", async () => {
    const archive = at("docker.tar");
    await writeArchive(cache, images, archive, { format: "docker" });
    const found = await run("skopeo", ["inspect", `docker-archive:${archive}:${NAME}`]);
    expect(failure(found)).toBe("");
    const { Layers } = JSON.parse(found.stdout) as { Layers: string[] };
    const store = podman(at("podman"));
    try {
      expect(failure(await store.load(archive))).toBe("");
      expect(await store.layers(NAME)).toEqual(Layers);
      expect(await store.layers(MULTI)).toHaveLength(2);
    } finally {
      store.close();
    }
    const docker = await startDocker(at("docker"));
    if (docker === undefined) return;
    try {
      const loaded = await docker.docker(at("config"), "load", "--input", archive);
      expect(failure(loaded)).toBe("");
      expect(loaded.stdout).toContain(`Loaded image: ${NAME}`);
    } finally {
      await docker.stop();
    }
  });

  it("that skopeo wrote for docker load keep their layers", async () => {
    const archive = at("saved.tar");
    const args = ["copy", `oci:${at("source")}:one`, `docker-archive:${archive}:acme/app:1`];
    expect(failure(await run("skopeo", args))).toBe("");
    const opened = await openArchive(archive);
    const descriptor = await opened.resolve("acme/app:1") as Descriptor;
    await writeArchive(opened, [{ descriptor, name: "acme/app:1" }], at("again.tar"));
    const before = await run("skopeo", ["inspect", `docker-archive:${archive}:acme/app:1`]);
    const after = await run("skopeo", ["inspect", `oci-archive:${at("again.tar")}:acme/app:1`]);
    const layersOf = ({ stdout }: Outcome): unknown =>
      (JSON.parse(stdout) as { Layers: unknown }).Layers;
    expect(layersOf(after)).toEqual(layersOf(before));
  });

  it("are what GNU tar lists and unpacks", async () => {
    await writeArchive(cache, images, at("gnu.tar"));
    mkdirSync(at("gnu"));
    expect(failure(await run("tar", ["-xf", at("gnu.tar"), "-C", at("gnu")]))).toBe("");
    expect(await filesOf(`oci:${at("gnu")}:${NAME}`)).toEqual(
      await filesOf(`oci:${at("source")}:one`),
    );
    expect(failure(await run("tar", ["-cf", at("by-gnu.tar"), "-C", at("gnu"), "."]))).toBe("");
    expect(await (await openArchive(at("by-gnu.tar"))).resolve(NAME)).toBeDefined();
  });
});

describe("a disk", () => {
  const disk = mountDisk(at("disk"), "1m");
  afterAll(() => disk?.end());

  it.skipIf(disk === undefined)(
    "that is full loses nothing, and goes on when there is room",
    async () => {
      const layout = await openLayout(join(disk?.path ?? "", "cache"));
      const bytes = patternBytes(2_000_000);
      const blob = describeBytes(bytes);
      const writer = await layout.blobWriter(blob);
      const write = async (): Promise<void> => {
        for (let at = 0; at < bytes.length; at += 100_000) {
          await writer.write(bytes.subarray(at, at + 100_000));
        }
      };
      await expect(write()).rejects.toMatchObject({
        code: "CACHE_IO",
        details: { reason: "ENOSPC" },
        message: expect.stringContaining("the disk is full: make room"),
      });
      await writer.abort();
      disk?.set("size=4m");
      const again = await layout.blobWriter(blob);
      expect(again.offset).toBeGreaterThan(700_000);
      await again.write(bytes.subarray(again.offset));
      await again.close();
      expect(await layout.verify()).toMatchObject({ blobs: 1, corrupt: [] });
      await layout.close();
    },
  );

  it.skipIf(disk === undefined)("that is read-only is read, and refuses the rest", async () => {
    const path = join(disk?.path ?? "", "cache");
    disk?.set("ro");
    const layout = await openLayout(path);
    const blob = describeBytes(patternBytes(2_000_000));
    expect(await layout.hasBlob(blob)).toBe(true);
    expect((await layout.openBlob(blob)).size).toBe(2_000_000);
    const readOnly = { code: "CACHE_IO", details: { reason: "EROFS" } };
    await expect(layout.blobWriter(describeBytes(patternBytes(3)))).rejects.toMatchObject(readOnly);
    await expect(layout.untag("a")).rejects.toMatchObject(readOnly);
    expect(readFileSync(join(path, "oci-layout"), "utf8")).toContain("1.0.0");
    disk?.set("rw");
  });
});
