import { execFileSync } from "node:child_process";
import {
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { concatBytes, encodeUtf8, isTidegateError } from "../../../src/core/mod.ts";
import { formatDockerManifest, parseDockerManifest } from "../../../src/layout/docker_manifest.ts";
import {
  type ImageLayout,
  type LayoutReader,
  openArchive,
  openLayout,
  writeArchive,
} from "../../../src/layout/mod.ts";
import { formatTarHeader } from "../../../src/layout/tar_header.ts";
import { type Descriptor, MEDIA_TYPES } from "../../../src/manifest/mod.ts";
import {
  describeBytes,
  describeManifest,
  type HandMadeEntry,
  handMadeTar,
  manifestOf,
  patternBytes,
  putImage,
  readAll,
  sha256,
} from "../../support/layouts_node.ts";
import { attempt, expectFast, mebibyteOf } from "../../support/parser_checks.ts";
import { nearGrammar } from "../../support/wire_arbitraries.ts";
import { temporaryFolder } from "../../support/processes_node.ts";

const NAME = "registry.example.com/app:v1";
const LAYERS = [patternBytes(5000), patternBytes(700_000, 2), new Uint8Array()];
let folder: { path: string; remove: () => void };
let layout: ImageLayout;
let image: Descriptor;

const at = (name: string): string => join(folder.path, name);

beforeEach(async () => {
  folder = temporaryFolder("archive");
  layout = await openLayout(at("layout"));
  image = await putImage(layout, NAME, { layers: LAYERS });
});

afterEach(() => folder.remove());

/** An index of two images. */
async function putIndex(): Promise<Descriptor> {
  const children: Descriptor[] = [];
  for (const architecture of ["amd64", "arm64"]) {
    const child = await putImage(layout, undefined, { architecture, layers: LAYERS.slice(0, 1) });
    children.push({ ...child, platform: { os: "linux", architecture } });
  }
  const index = manifestOf({ manifests: children }, MEDIA_TYPES.imageIndex);
  await layout.putManifest(index, "multi:1");
  return describeManifest(index);
}

/** The digests of all that a manifest lists, read and hashed. */
async function readImage(source: LayoutReader, descriptor: Descriptor): Promise<string[]> {
  const { bytes } = await source.manifest(descriptor.digest) ?? { bytes: new Uint8Array() };
  const { config, layers } = JSON.parse(new TextDecoder().decode(bytes)) as {
    config: Descriptor;
    layers: Descriptor[];
  };
  return await Promise.all([config, ...layers].map(async (blob) => {
    expect(await source.hasBlob(blob)).toBe(true);
    return sha256(await readAll((await source.openBlob(blob)).slice(0)));
  }));
}

describe("writeArchive() and openArchive()", () => {
  it("bring an image through an OCI archive and a docker archive unchanged", async () => {
    const wanted = await readImage(layout, image);
    await writeArchive(layout, [{ descriptor: image, name: NAME }], at("oci.tar"));
    const oci = await openArchive(at("oci.tar"));
    expect(oci.format).toBe("oci");
    expect(await oci.names()).toEqual([{ name: NAME, descriptor: image, cache: undefined }]);
    await writeArchive(oci, [{ descriptor: image, name: NAME }], at("docker.tar"), {
      format: "docker",
    });
    const docker = await openArchive(at("docker.tar"));
    const found = await docker.resolve(NAME) as Descriptor;
    expect(found.digest).toBe(image.digest);
    expect(await readImage(docker, found)).toEqual(wanted);
    expect(statSync(at("docker.tar")).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder.path).sort()).toEqual(["docker.tar", "layout", "oci.tar"]);
  });

  it("replace a file behind links to it, and nothing that is no file", async () => {
    const images = [{ descriptor: image, name: NAME }];
    symlinkSync("real.tar", at("link.tar"));
    for (const _ of ["made", "replaced"]) {
      await writeArchive(layout, images, at("link.tar"));
      expect(await (await openArchive(at("real.tar"))).resolve(NAME)).toEqual(image);
      expect(lstatSync(at("link.tar")).isSymbolicLink()).toBe(true);
    }
    execFileSync("mkfifo", [at("pipe")]);
    symlinkSync("pipe", at("to-pipe"));
    for (const path of [at("pipe"), at("to-pipe"), folder.path]) {
      const refused = { code: "CACHE_IO", details: { path, reason: "it is no file" } };
      await expect(writeArchive(layout, images, path)).rejects.toMatchObject(refused);
    }
    expect(statSync(at("pipe")).isFIFO()).toBe(true);
  });

  it("make the same archive of the same images", async () => {
    const images = [{ descriptor: image, name: NAME }];
    await writeArchive(layout, images, at("a.tar"));
    await writeArchive(layout, images, at("b.tar"));
    expect(readFileSync(at("a.tar"))).toEqual(readFileSync(at("b.tar")));
  });

  it("keep an index whole in an OCI archive, and pick one image for docker load", async () => {
    const index = await putIndex();
    const images = [{ descriptor: index, name: "multi:1" }];
    await writeArchive(layout, images, at("oci.tar"));
    expect(await (await openArchive(at("oci.tar"))).resolve("multi:1")).toEqual(index);
    await writeArchive(layout, images, at("docker.tar"), {
      format: "docker",
      platform: "linux/arm64",
    });
    const docker = await openArchive(at("docker.tar"));
    expect(await docker.resolve("multi:1")).toMatchObject({
      platform: { os: "linux", architecture: "arm64" },
      annotations: { "io.containerd.image.name": "docker.io/library/multi:1" },
    });
    const none = writeArchive(layout, images, at("x.tar"), {
      format: "docker",
      platform: "linux/s390x",
    });
    await expect(none).rejects.toMatchObject({ code: "PLATFORM_NOT_FOUND" });
    expect(readdirSync(folder.path)).not.toContain("x.tar");
  });

  it("say before the first byte what lacks, and leave no half of a file", async () => {
    const layer = describeBytes(LAYERS[1] as Uint8Array);
    writeFileSync(at("out.tar"), "what was there");
    await layout.quarantine(layer.digest);
    const images = [{ descriptor: image }];
    const written: number[] = [];
    const sink = new WritableStream<Uint8Array>({
      write: ({ length }) => void written.push(length),
    });
    const lacking = { code: "CACHE_NOT_FOUND", details: { what: `blob ${layer.digest}` } };
    await expect(writeArchive(layout, images, sink)).rejects.toMatchObject(lacking);
    expect(written).toEqual([]);
    const wrong = patternBytes(700_000, 3);
    writeFileSync(join(layout.directory, "blobs", ...layer.digest.split(":")), wrong);
    const corrupt = { code: "CACHE_CORRUPT" };
    await expect(writeArchive(layout, images, at("out.tar"))).rejects.toMatchObject(corrupt);
    expect(readFileSync(at("out.tar"), "utf8")).toBe("what was there");
    expect(readdirSync(folder.path)).toEqual(["layout", "out.tar"]);
  });

  it("write to a stream, and read from one, compressed or not", async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writing = writeArchive(layout, [{ descriptor: image, name: NAME }], writable);
    const archive = await openArchive(readable, { temporaryDirectory: folder.path });
    await writing;
    expect(await archive.resolve(NAME)).toEqual(image);
    expect(await readImage(archive, image)).toEqual(await readImage(layout, image));
    await writeArchive(archive, [{ descriptor: image }], at("a.tar"));
    await archive.close();
    writeFileSync(at("a.tar.gz"), gzipSync(readFileSync(at("a.tar"))));
    const options = { temporaryDirectory: folder.path };
    const unzipped = await openArchive(at("a.tar.gz"), options);
    expect(await unzipped.resolve()).toEqual(image);
    await unzipped.close();
    expect(readdirSync(folder.path).sort()).toEqual(["a.tar", "a.tar.gz", "layout"]);
    const bomb = openArchive(at("a.tar.gz"), { ...options, maximumBytes: 100_000 });
    await expect(bomb).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
    writeFileSync(at("a.tar.gz"), readFileSync(at("a.tar.gz")).subarray(0, 5000));
    const broken = { code: "ARCHIVE_INVALID" };
    await expect(openArchive(at("a.tar.gz"), options)).rejects.toMatchObject(broken);
    expect(readdirSync(folder.path).sort()).toEqual(["a.tar", "a.tar.gz", "layout"]);
  });

  it("stop when aborted", async () => {
    const reason = new Error("enough");
    const controller = new AbortController();
    const onBlob = (): void => controller.abort(reason);
    const writing = writeArchive(layout, [{ descriptor: image }], at("a.tar"), {
      signal: controller.signal,
      onBlob,
    });
    await expect(writing).rejects.toBe(reason);
    expect(readdirSync(folder.path)).toEqual(["layout"]);
  });

  it("do not read a damaged blob of an archive as whole", async () => {
    await writeArchive(layout, [{ descriptor: image }], at("a.tar"));
    const bytes = readFileSync(at("a.tar"));
    const layer = LAYERS[0] as Uint8Array;
    const start = bytes.indexOf(layer);
    bytes[start + 10] = (bytes[start + 10] as number) ^ 1;
    writeFileSync(at("a.tar"), bytes);
    const archive = await openArchive(at("a.tar"));
    const blob = await archive.openBlob(describeBytes(layer));
    await expect(readAll(blob.slice(0))).rejects.toMatchObject({
      code: "CACHE_CORRUPT",
      details: { path: expect.stringContaining("a.tar: blobs/sha256/") },
    });
  });

  it("refuse an artifact that docker load would not know", async () => {
    const config = encodeUtf8("{}");
    const writer = await layout.blobWriter(describeBytes(config));
    await writer.write(config);
    await writer.close();
    const artifact = manifestOf(
      { config: describeBytes(config, MEDIA_TYPES.empty), layers: [] },
      MEDIA_TYPES.imageManifest,
    );
    await layout.putManifest(artifact);
    const images = [{ descriptor: describeManifest(artifact) }];
    await writeArchive(layout, images, at("oci.tar"));
    const docker = writeArchive(layout, images, at("docker.tar"), { format: "docker" });
    await expect(docker).rejects.toMatchObject({ code: "UNSUPPORTED" });
  });
});

/** What `docker save` wrote before version 25: no manifest, layers in folders, some of them links. */
function oldDockerSave(layers: readonly Uint8Array[], diffIds: readonly string[]): HandMadeEntry[] {
  const config = JSON.stringify({
    ...{ architecture: "arm64", os: "linux" },
    rootfs: { type: "layers", diff_ids: diffIds },
  });
  const name = `${sha256(config).slice(7)}.json`;
  return [
    ...layers.map((content, i) => ({ name: `layer${i}/layer.tar`, content })),
    { name: "twin/layer.tar", type: "2", linkName: "../layer0/layer.tar" },
    { name, content: config },
    {
      name: "manifest.json",
      content: JSON.stringify([{
        Config: name,
        RepoTags: ["nginx:1"],
        Layers: [...layers.map((_, i) => `layer${i}/layer.tar`), "twin/layer.tar"],
      }]),
    },
  ];
}

describe("archives of docker save without manifests", () => {
  const plain = patternBytes(3000);
  const packed = patternBytes(4000, 9);

  it("are images with their layers as they are", async () => {
    const zipped = new Uint8Array(gzipSync(packed));
    const diffIds = [sha256(plain), sha256(packed), sha256(plain)];
    writeFileSync(at("a.tar"), handMadeTar(oldDockerSave([plain, zipped], diffIds)));
    const archive = await openArchive(at("a.tar"));
    expect(archive.format).toBe("docker");
    const found = await archive.resolve("nginx:1") as Descriptor;
    expect(found.platform).toEqual({ os: "linux", architecture: "arm64" });
    const { layers } = JSON.parse(
      new TextDecoder().decode((await archive.manifest(found.digest))?.bytes),
    ) as { layers: Descriptor[] };
    expect(layers).toEqual([
      describeBytes(plain),
      describeBytes(zipped, MEDIA_TYPES.layerGzip),
      describeBytes(plain),
    ]);
    expect((await readImage(archive, found)).slice(1)).toEqual(layers.map(({ digest }) => digest));
    await writeArchive(archive, [{ descriptor: found, name: "nginx:1" }], at("b.tar"));
    const again = await openArchive(at("b.tar"));
    expect(await readImage(again, found)).toEqual(await readImage(archive, found));
  });

  it("do not read a layer that is not the config's as whole", async () => {
    const entries = oldDockerSave([plain], [sha256(packed), sha256(packed)]);
    writeFileSync(at("a.tar"), handMadeTar(entries));
    const archive = await openArchive(at("a.tar"));
    const blob = await archive.openBlob({ digest: sha256(packed), size: plain.length });
    await expect(readAll(blob.slice(0))).rejects.toMatchObject({ code: "CACHE_CORRUPT" });
  });

  it.each<[string, HandMadeEntry[]]>([
    ["another number of layers", oldDockerSave([plain], [sha256(plain)])],
    ["a config that is not what its name says", [
      ...oldDockerSave([plain], [sha256(plain), sha256(plain)]).map((entry) =>
        entry.name.endsWith(".json") && entry.name !== "manifest.json"
          ? { ...entry, content: `${entry.content} ` }
          : entry
      ),
    ]],
    ["a config that is not there", [{
      name: "manifest.json",
      content: '[{"Config":"a","Layers":[]}]',
    }]],
    ["a config outside", [{ name: "manifest.json", content: '[{"Config":"../a","Layers":[]}]' }]],
    ["a list that is none", [{ name: "manifest.json", content: "{}" }]],
  ])("are refused with %s", async (_, entries) => {
    writeFileSync(at("a.tar"), handMadeTar(entries));
    await expect(openArchive(at("a.tar"))).rejects.toMatchObject({
      code: "ARCHIVE_INVALID",
      details: { path: at("a.tar") },
    });
  });
});

describe("hostile archives", () => {
  const index: HandMadeEntry[] = [
    { name: "oci-layout", content: '{"imageLayoutVersion":"1.0.0"}' },
    { name: "index.json", content: '{"schemaVersion":2,"manifests":[]}' },
  ];

  it.each<[string, HandMadeEntry]>([
    ["an absolute name", { name: "/etc/passwd", content: "x" }],
    ["a name with ..", { name: "blobs/../../x", content: "x" }],
    ["a name with a backslash", { name: "..\\x", content: "x" }],
    ["a name with a drive", { name: "C:/x", content: "x" }],
    ["a hard link", { name: "blobs/x", type: "1", linkName: "/etc/passwd" }],
    ["a device", { name: "blobs/x", type: "3" }],
    ["a pipe", { name: "blobs/x", type: "6" }],
    ["a sparse file", { name: "blobs/x", type: "S" }],
    ["a size past its end", { name: "blobs/x", size: 1e9 }],
    ["a long name past its limit", { name: "x", type: "L", content: new Uint8Array(70_000) }],
    ["a name for all entries", { name: "x", type: "g", content: "10 path=a\n" }],
    ["pax records that are none", { name: "x", type: "x", content: "path" }],
  ])("are refused with %s", async (_, entry) => {
    writeFileSync(at("a.tar"), handMadeTar([...index, entry]));
    await expect(openArchive(at("a.tar"))).rejects.toMatchObject({ code: "ARCHIVE_INVALID" });
  });

  it.each([
    ["/etc/passwd"],
    ["../../../../etc/passwd"],
    ["other"],
  ])("have no blob that is a link to %s", async (linkName) => {
    const digest = sha256("x");
    const link = { name: `blobs/sha256/${digest.slice(7)}`, type: "2", linkName };
    writeFileSync(at("a.tar"), handMadeTar([...index, link]));
    const archive = await openArchive(at("a.tar"));
    await expect(archive.openBlob({ digest, size: 1 })).rejects.toMatchObject({
      code: "ARCHIVE_INVALID",
    });
  });

  it.each([["/etc/passwd"], ["../../etc/passwd"], ["loop"]])(
    "have no config behind a link to %s",
    async (linkName) => {
      writeFileSync(
        at("a.tar"),
        handMadeTar([
          { name: "a/loop", type: "2", linkName: "loop" },
          { name: "a/config", type: "2", linkName },
          { name: "manifest.json", content: '[{"Config":"a/config","Layers":[]}]' },
        ]),
      );
      await expect(openArchive(at("a.tar"))).rejects.toMatchObject({ code: "ARCHIVE_INVALID" });
    },
  );

  it("are refused when they are something else", async () => {
    for (const content of ["", "x", "x".repeat(2000)]) {
      writeFileSync(at("a.tar"), content);
      await expect(openArchive(at("a.tar"))).rejects.toMatchObject({ code: "ARCHIVE_INVALID" });
    }
    writeFileSync(at("a.tar"), handMadeTar([{ name: "holiday.jpg", content: "x" }]));
    await expect(openArchive(at("a.tar"))).rejects.toMatchObject({ code: "ARCHIVE_INVALID" });
    await expect(openArchive(folder.path)).rejects.toMatchObject({ code: "ARCHIVE_INVALID" });
    await expect(openArchive(at("none"))).rejects.toMatchObject({ code: "CACHE_NOT_FOUND" });
  });

  it("fail in no untyped way, wherever they are cut or changed", async () => {
    await writeArchive(layout, [{ descriptor: image, name: NAME }], at("good.tar"), {
      format: "docker",
    });
    const good = readFileSync(at("good.tar")).subarray(0, 8192);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(good.length - 1),
        fc.nat(255),
        fc.boolean(),
        async (where, byte, cut) => {
          const bytes = Buffer.from(cut ? good.subarray(0, where) : good);
          if (!cut) bytes[where] = byte;
          writeFileSync(at("bad.tar"), bytes);
          const opened = await openArchive(at("bad.tar")).catch((error) => {
            expect(isTidegateError(error)).toBe(true);
          });
          await opened?.names();
        },
      ),
      { numRuns: 60 },
    );
  });

  it("are read by their headers, however large their files are", async () => {
    const size = 20 * 1024 ** 3;
    const digest = sha256("large");
    const file = await open(at("large.tar"), "w"); // sparse: it takes no room
    const first = handMadeTar(index).subarray(0, -1024);
    const header = formatTarHeader(`blobs/sha256/${digest.slice(7)}`, size);
    const start = concatBytes([first, header]);
    await file.write(start, 0, start.length, 0);
    const tail = encodeUtf8("the end");
    await file.write(tail, 0, tail.length, start.length + size - tail.length);
    await file.truncate(start.length + size);
    await file.close();
    const archive = await openArchive(at("large.tar"));
    const blob = await archive.openBlob({ digest, size });
    expect(await readAll(blob.slice(size - tail.length))).toEqual(tail);
  });
});

describe("parseDockerManifest()", () => {
  it("undoes formatDockerManifest()", () => {
    const text = fc.string({ unit: "grapheme" });
    const images = fc.array(fc.record({
      config: text,
      repoTags: fc.array(text),
      layers: fc.array(text),
    }));
    fc.assert(fc.property(images, (list) => {
      expect(parseDockerManifest(formatDockerManifest(list))).toEqual(list);
    }));
  });

  it("throws nothing untyped, and reads a mebibyte in no time", () => {
    const isTyped = (error: unknown): boolean => error instanceof SyntaxError;
    fc.assert(fc.property(fc.oneof(nearGrammar, fc.json()), (text) => {
      attempt(() => parseDockerManifest(text), isTyped);
      attempt(() => parseDockerManifest(`[{"Config":"a","Layers":${text}}]`), isTyped);
    }));
    for (const pattern of ["[", "[{},", '"']) {
      const text = mebibyteOf(pattern);
      expectFast(() => parseDockerManifest(text));
    }
  });
});
