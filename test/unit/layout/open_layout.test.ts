import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { encodeUtf8 } from "../../../src/core/mod.ts";
import { type ImageLayout, openLayout } from "../../../src/layout/mod.ts";
import { type Descriptor, MEDIA_TYPES } from "../../../src/manifest/mod.ts";
import { parseDigest } from "../../../src/reference/mod.ts";
import {
  describeBytes,
  describeManifest,
  manifestOf,
  patternBytes,
  putBlob,
  putImage,
  readAll,
  sha256,
} from "../../support/layouts_node.ts";
import { temporaryFolder } from "../../support/processes_node.ts";

const IMAGE = "registry.example.com/app:v1.0";
let folder: { path: string; remove: () => void };
let directory: string;
let layout: ImageLayout;

const at = (...parts: string[]): string => join(directory, ...parts);
const fileOf = ({ digest }: Pick<Descriptor, "digest">): string =>
  at("blobs", ...digest.split(":"));

beforeEach(async () => {
  folder = temporaryFolder("layout");
  directory = join(folder.path, "cache", "deep");
  layout = await openLayout(directory);
});

afterEach(async () => {
  await layout.close();
  folder.remove();
});

describe("openLayout()", () => {
  it("makes an empty layout in directories of mode 0700", async () => {
    expect(JSON.parse(readFileSync(at("oci-layout"), "utf8"))).toEqual({
      imageLayoutVersion: "1.0.0",
    });
    expect(JSON.parse(readFileSync(at("index.json"), "utf8"))).toMatchObject({
      schemaVersion: 2,
      manifests: [],
    });
    expect(await layout.names()).toEqual([]);
    expect(await layout.resolve()).toBeUndefined();
    await putImage(layout, IMAGE);
    for (const name of [".", "blobs", "blobs/sha256", ".tidegate", ".tidegate/partial"]) {
      expect(statSync(at(name)).mode & 0o777, name).toBe(0o700);
    }
  });

  it("opens what is there, and makes nothing unless told", async () => {
    await putImage(layout, IMAGE);
    const again = await openLayout(directory, { create: false });
    expect((await again.names()).map(({ name }) => name)).toEqual([IMAGE]);
    const missing = openLayout(join(folder.path, "none"), { create: false });
    await expect(missing).rejects.toMatchObject({ code: "CACHE_NOT_FOUND" });
    expect(readdirSync(folder.path)).toEqual(["cache"]);
  });

  it("follows a link to the directory itself", async () => {
    await putImage(layout, IMAGE);
    symlinkSync(directory, join(folder.path, "link"));
    const linked = await openLayout(join(folder.path, "link"));
    expect(linked.directory).toBe(layout.directory);
    expect(await linked.resolve(IMAGE)).toBeDefined();
  });

  it.each([
    ["a directory of other things", "CACHE_INVALID", (path: string) => {
      writeFileSync(join(path, "homework.txt"), "");
    }],
    ["a file", "CACHE_IO", (path: string) => {
      rmSync(path, { recursive: true });
      writeFileSync(path, "");
    }],
    ["another version", "CACHE_INVALID", (path: string) => {
      writeFileSync(join(path, "oci-layout"), '{"imageLayoutVersion":"2.0.0"}');
    }],
    ["a marker that is no JSON", "CACHE_INVALID", (path: string) => {
      writeFileSync(join(path, "oci-layout"), "1.0.0");
    }],
  ])("refuses %s with %s", async (_, code, make) => {
    const path = join(folder.path, "other");
    mkdirSync(path);
    make(path);
    await expect(openLayout(path)).rejects.toMatchObject({
      code,
      details: { path: expect.any(String) },
    });
  });

  it.each(["", "{", "[]", '{"schemaVersion":1}', '{"schemaVersion":2,"manifests":[{}]}'])(
    "says that an index %j is none",
    async (text) => {
      writeFileSync(at("index.json"), text);
      await expect(layout.names()).rejects.toMatchObject({
        code: "CACHE_INVALID",
        details: { path: at("index.json") },
      });
    },
  );

  it("keeps what it does not understand in the index", async () => {
    const index = { schemaVersion: 2, manifests: [], annotations: { a: "b" }, other: [1] };
    writeFileSync(at("index.json"), JSON.stringify(index));
    await putImage(layout, IMAGE);
    expect(JSON.parse(readFileSync(at("index.json"), "utf8"))).toMatchObject({
      annotations: { a: "b" },
      other: [1],
    });
  });
});

describe("links in a layout", () => {
  it("refuses blobs through a directory that leads outside, to read and to write", async () => {
    const outside = join(folder.path, "outside");
    mkdirSync(join(outside, "sha256"), { recursive: true });
    const blob = describeBytes(patternBytes(10));
    writeFileSync(join(outside, "sha256", blob.digest.slice(7)), patternBytes(10));
    rmSync(at("blobs"), { recursive: true });
    symlinkSync(outside, at("blobs"));
    const refused = { code: "CACHE_INVALID" };
    await expect(layout.hasBlob(blob)).rejects.toMatchObject(refused);
    await expect(layout.openBlob(blob)).rejects.toMatchObject(refused);
    await expect(layout.blobWriter(describeBytes(patternBytes(11)))).rejects.toMatchObject(refused);
    expect(readdirSync(join(outside, "sha256"))).toHaveLength(1);
  });

  it.each(["gc", "verify", "quarantine"] as const)(
    "deletes and moves nothing through a directory that leads outside: %s()",
    async (method) => {
      const outside = join(folder.path, "outside");
      mkdirSync(outside);
      const blob = describeBytes(patternBytes(10));
      const victim = join(outside, blob.digest.slice(7));
      writeFileSync(victim, "not mine");
      utimesSync(victim, 1, 1);
      rmSync(at("blobs", "sha256"), { recursive: true });
      symlinkSync(outside, at("blobs", "sha256"));
      const work = {
        gc: () => layout.gc(),
        verify: () => layout.verify({ quarantine: true }),
        quarantine: () => layout.quarantine(blob.digest),
      };
      await expect(work[method]()).rejects.toMatchObject({ code: "CACHE_INVALID" });
      expect(readFileSync(victim, "utf8")).toBe("not mine");
    },
  );

  it("refuses a blob that is a link to a file outside", async () => {
    const secret = join(folder.path, "secret");
    writeFileSync(secret, "secret");
    const blob = describeBytes(encodeUtf8("secret"));
    symlinkSync(secret, fileOf(blob));
    await expect(layout.openBlob(blob)).rejects.toMatchObject({ code: "CACHE_INVALID" });
  });

  it("refuses an index.json that is a link to a file outside", async () => {
    const outside = join(folder.path, "index.json");
    writeFileSync(outside, '{"schemaVersion":2,"manifests":[]}');
    rmSync(at("index.json"));
    symlinkSync(outside, at("index.json"));
    await expect(layout.names()).rejects.toMatchObject({ code: "CACHE_INVALID" });
  });

  it.each(["empty", "held"])(
    "refuses a lock behind a link that leads outside: %s",
    async (kind) => {
      const outside = join(folder.path, "outside");
      mkdirSync(outside);
      if (kind === "held") writeFileSync(join(outside, "index"), "");
      rmSync(at(".tidegate", "lock"), { recursive: true });
      symlinkSync(outside, at(".tidegate", "lock"));
      const before = readdirSync(outside);
      await expect(layout.untag("a:1")).rejects.toMatchObject({ code: "CACHE_INVALID" });
      expect(readdirSync(outside)).toEqual(before);
    },
  );

  it("replaces a link in the place of a blob, and leaves its target alone", async () => {
    const victim = join(folder.path, "victim");
    const bytes = patternBytes(100);
    symlinkSync(victim, fileOf(describeBytes(bytes)));
    await putBlob(layout, bytes);
    expect(readdirSync(folder.path)).not.toContain("victim");
    expect(await layout.hasBlob(describeBytes(bytes))).toBe(true);
  });

  it.each(["symbolic", "hard"])(
    "does not write through a %s link among unfinished blobs",
    async (kind) => {
      const victim = join(folder.path, "victim");
      writeFileSync(victim, "12345");
      const bytes = patternBytes(100);
      const blob = describeBytes(bytes);
      await putBlob(layout, patternBytes(1)); // makes the directory
      const partial = at(".tidegate", "partial", blob.digest.replace(":", "-"));
      kind === "hard" ? linkSync(victim, partial) : symlinkSync(victim, partial);
      const writer = await layout.blobWriter(blob);
      expect(writer.offset).toBe(0);
      await writer.write(bytes);
      await writer.close();
      expect(readFileSync(victim, "utf8")).toBe("12345");
    },
  );

  it("refuses digests that are none, whatever a caller without types passes", async () => {
    for (
      const text of ["sha256:../../../etc/passwd", "sha256:", "../x", `sha256:${"A".repeat(64)}`]
    ) {
      const digest = text as ReturnType<typeof parseDigest>;
      const invalid = { code: "INVALID_DIGEST" };
      await expect(layout.hasBlob({ digest, size: 1 })).rejects.toMatchObject(invalid);
      await expect(layout.openBlob({ digest, size: 1 })).rejects.toMatchObject(invalid);
      await expect(layout.blobWriter({ digest, size: 1 })).rejects.toMatchObject(invalid);
      await expect(layout.manifest(digest)).rejects.toMatchObject(invalid);
      await expect(layout.quarantine(digest)).rejects.toMatchObject(invalid);
    }
  });
});

describe("ImageLayout.tag()", () => {
  it("notes where an image of the cache came from", async () => {
    const layer = patternBytes(500);
    const image = await putImage(layout, undefined, { layers: [layer, layer] });
    await layout.tag(IMAGE, image, { sourceImage: IMAGE, cachedAt: 1672531200 });
    const [entry] = await layout.names();
    expect(entry).toEqual({
      name: IMAGE,
      descriptor: image,
      cache: {
        sourceImage: IMAGE,
        manifest: `blobs/sha256/${image.digest.slice(7)}`,
        config: expect.stringMatching(/^sha256:/),
        layers: [sha256(layer), sha256(layer)],
        cachedAt: 1672531200,
      },
    });
    expect(readdirSync(at("blobs", "sha256"))).toContain(image.digest.slice(7));
  });

  it("moves a name, and leaves other names of the same image", async () => {
    const one = await putImage(layout, "a:1");
    const two = await putImage(layout, "a:2", { layers: [patternBytes(9)] });
    await layout.tag("a:3", one);
    await layout.tag("a:1", two);
    expect(await layout.resolve("a:1")).toEqual(two);
    expect(await layout.resolve("a:3")).toEqual(one);
    expect((await layout.names()).map(({ name }) => name).sort()).toEqual(["a:1", "a:2", "a:3"]);
  });

  it("refuses a manifest that is not there, and names that are none", async () => {
    const absent = describeManifest(manifestOf({ manifests: [] }, MEDIA_TYPES.imageIndex));
    await expect(layout.tag("a", absent)).rejects.toMatchObject({ code: "CACHE_NOT_FOUND" });
    const image = await putImage(layout, "a");
    for (const name of ["", "a\nb", "x".repeat(1025)]) {
      await expect(layout.tag(name, image)).rejects.toThrow(TypeError);
    }
  });

  it("loses no name of many that are given at once", async () => {
    const image = await putImage(layout, "a:0");
    const names = Array.from({ length: 20 }, (_, i) => `a:${i}`);
    const other = await openLayout(directory);
    await Promise.all(names.map((name, i) => (i % 2 ? layout : other).tag(name, image)));
    expect((await layout.names()).map(({ name }) => name).sort()).toEqual(names.sort());
    await other.close();
  });
});

describe("ImageLayout.names()", () => {
  it("is one state of the index, whoever replaces it meanwhile", async () => {
    const image = await putImage(layout, "a:0");
    const reader = await openLayout(directory, { create: false });
    let isDone = false;
    const writing = (async () => {
      for (let i = 1; i < 60; i++) await layout.tag(`a:${i}`, image);
      isDone = true;
    })();
    let most = 0;
    while (!isDone) {
      const { length } = await reader.names();
      expect(length).toBeGreaterThanOrEqual(most);
      most = length;
    }
    await writing;
    expect(await reader.names()).toHaveLength(60);
  });
});

describe("ImageLayout.resolve()", () => {
  it("takes a name, its other spellings, a digest, or nothing where there is one image", async () => {
    const image = await putImage(layout, "docker.io/library/nginx:latest");
    for (const name of ["docker.io/library/nginx:latest", "nginx", "nginx:latest", image.digest]) {
      expect(await layout.resolve(name)).toEqual(image);
    }
    expect(await layout.resolve()).toEqual(image);
    expect(await layout.resolve("nginx:1")).toBeUndefined();
    expect(await layout.resolve(sha256("other"))).toBeUndefined();
  });

  it("finds the images below an index, and takes no layer for an image", async () => {
    const child = await putImage(layout, undefined);
    await layout.putManifest(manifestOf({ manifests: [child] }, MEDIA_TYPES.imageIndex), "multi");
    expect(await layout.resolve(child.digest)).toEqual(child);
    expect(await layout.resolve(sha256(patternBytes(3000)))).toBeUndefined();
  });

  it("lists the names where one is needed", async () => {
    await putImage(layout, "a:1");
    await putImage(layout, "a:2", { layers: [] });
    await expect(layout.resolve()).rejects.toMatchObject({
      code: "CACHE_NOT_FOUND",
      message: expect.stringContaining("a:1, a:2"),
    });
  });
});

describe("what is read", () => {
  it("is verified: a damaged blob never comes whole, and its file is named", async () => {
    const bytes = patternBytes(600_000);
    const blob = await putBlob(layout, bytes);
    expect(sha256(await readAll((await layout.openBlob(blob)).slice(0)))).toBe(blob.digest);
    bytes[599_999] = (bytes[599_999] as number) ^ 1;
    writeFileSync(fileOf(blob), bytes);
    const stream = (await layout.openBlob(blob)).slice(0).getReader();
    const reader = (await layout.openBlob(blob)).read?.(0);
    const nexts = [async () => (await stream.read()).value, () => reader?.read()];
    for (const next of nexts) {
      let length = 0;
      const reading = (async () => {
        for (let part = await next(); part !== undefined; part = await next()) {
          length += part.length;
        }
      })();
      await expect(reading).rejects.toMatchObject({
        code: "CACHE_CORRUPT",
        details: { path: fileOf(blob), digest: blob.digest },
      });
      expect(length).toBe(512 * 1024);
    }
    await expect(reader?.read()).rejects.toMatchObject({ code: "CACHE_CORRUPT" });
  });

  it("can begin and end anywhere", async () => {
    const bytes = patternBytes(1000);
    const blob = await layout.openBlob(await putBlob(layout, bytes));
    expect(await readAll(blob.slice(990))).toEqual(bytes.subarray(990));
    expect(await readAll(blob.slice(10, 20))).toEqual(bytes.subarray(10, 20));
    expect(await readAll(blob.slice(1000))).toEqual(new Uint8Array());
    for (const [start, end] of [[-1], [2, 1], [0.5]] as const) {
      expect(() => blob.slice(start, end)).toThrow(TypeError);
    }
  });

  it("has a reader from anywhere on, which can be given up", async () => {
    const bytes = patternBytes(600_000);
    const blob = await layout.openBlob(await putBlob(layout, bytes));
    for (const start of [0, 5, 599_999, 600_000]) {
      const reader = blob.read?.(start);
      const parts: Uint8Array[] = [];
      for (let part = await reader?.read(); part !== undefined; part = await reader?.read()) {
        parts.push(part.slice()); // lent
      }
      expect(Buffer.concat(parts).equals(bytes.subarray(start))).toBe(true);
    }
    const reader = blob.read?.(0);
    await reader?.read();
    await reader?.cancel();
    await reader?.cancel();
    await expect(reader?.read()).rejects.toMatchObject({ name: "AbortError" });
    expect(() => blob.read?.(-1)).toThrow(TypeError);
  });

  it("may be empty", async () => {
    const blob = await putBlob(layout, new Uint8Array());
    expect(await (await layout.openBlob(blob)).read?.(0).read()).toBeUndefined();
    expect(await readAll((await layout.openBlob(blob)).slice(0))).toEqual(new Uint8Array());
  });

  it("has the size that was asked for, or is damaged or missing", async () => {
    const blob = await putBlob(layout, patternBytes(10));
    writeFileSync(fileOf(blob), patternBytes(9));
    expect(await layout.hasBlob(blob)).toBe(false);
    await expect(layout.openBlob(blob)).rejects.toMatchObject({ code: "CACHE_CORRUPT" });
    const absent = { digest: sha256("absent"), size: 6 };
    await expect(layout.openBlob(absent)).rejects.toMatchObject({ code: "CACHE_NOT_FOUND" });
  });

  it("is a manifest only if it is what its digest says", async () => {
    const image = await putImage(layout, IMAGE);
    expect(await layout.manifest(image.digest)).toMatchObject({
      digest: image.digest,
      mediaType: image.mediaType,
    });
    const text = readFileSync(fileOf(image), "utf8");
    writeFileSync(fileOf(image), text.replace("image.layer", "image.lager"));
    await expect(layout.manifest(image.digest)).rejects.toMatchObject({
      code: "CACHE_CORRUPT",
      details: { path: fileOf(image) },
    });
    expect(await layout.manifest(sha256("absent"))).toBeUndefined();
  });
});

describe("ImageLayout.putManifest()", () => {
  it("takes nothing but what its digest says", async () => {
    const manifest = manifestOf({ manifests: [] }, MEDIA_TYPES.imageIndex);
    const wrong = { ...manifest, digest: sha256("other") };
    await expect(layout.putManifest(wrong, "a")).rejects.toMatchObject({ code: "DIGEST_MISMATCH" });
    const bytes = encodeUtf8("{}");
    const none = { bytes, digest: sha256(bytes), mediaType: MEDIA_TYPES.imageIndex };
    await expect(layout.putManifest(none, "a")).rejects.toMatchObject({ code: "INVALID_MANIFEST" });
    expect(await layout.names()).toEqual([]);
  });

  it("lists referrers without a name", async () => {
    const subject = await putImage(layout, IMAGE);
    const annotations = { "org.example.kind": "sbom" };
    const referrer = await putImage(layout, undefined, { layers: [], subject, annotations });
    await putImage(layout, undefined, { layers: [], subject, annotations });
    expect((await layout.names()).map(({ name }) => name)).toEqual([IMAGE, undefined]);
    expect(await layout.referrers(subject.digest)).toEqual([
      { ...referrer, artifactType: MEDIA_TYPES.imageConfig, annotations },
    ]);
    expect(await layout.referrers(referrer.digest)).toEqual([]);
  });
});

describe("a disk that refuses", () => {
  it.skipIf(process.getuid?.() === 0)("is CACHE_IO with the system's reason", async () => {
    chmodSync(at("blobs", "sha256"), 0o500);
    await expect(putBlob(layout, patternBytes(5))).rejects.toMatchObject({
      code: "CACHE_IO",
      details: { reason: "EACCES" },
    });
    chmodSync(at("blobs", "sha256"), 0o700);
  });
});
