import { describe, expect, it } from "vitest";
import { MEDIA_TYPES } from "../../../src/manifest/mod.ts";
import { descriptorJson, imageJson, indexJson, parse } from "../../support/manifests.ts";

const AMBIGUOUS = expect.objectContaining({ code: "AMBIGUOUS_MANIFEST" });
const { imageManifest, imageIndex, dockerManifest, dockerManifestList } = MEDIA_TYPES;
const without = (document: object): object => ({ ...document, mediaType: undefined });

describe("parseManifest() refuses what two readers could understand differently", () => {
  it.each([
    ["layers and manifests at once", { ...imageJson(), manifests: [] }],
    ["config and manifests", { ...indexJson(["linux/amd64"]), config: descriptorJson() }],
    ["layers of null beside manifests", { ...indexJson([]), layers: null }],
    ["manifests of null beside layers", { ...imageJson(), manifests: null }],
    ["an index that calls itself an image", indexJson([], { mediaType: imageManifest })],
    ["an image that calls itself an index", imageJson({ mediaType: imageIndex })],
    ["an image that calls itself a list", imageJson({ mediaType: dockerManifestList })],
  ])("%s", (_, document) => {
    expect(() => parse(document)).toThrow(AMBIGUOUS);
  });

  it("manifests that another document has taught the engine to read as something else", () => {
    const image = JSON.stringify(imageJson()).slice(0, -1);
    const other = image.replace('"schemaVersion":2', '"schemaVersion":[]');
    expect(JSON.parse(`${other},${JSON.stringify("m\\u0061ni")}:0}`)).toBeDefined();
    expect(() => parse(`${image},"m\\u0061nifests":[]}`)).toThrow(AMBIGUOUS);
  });

  it.each([
    ["OCI image sent as an index", imageJson(), imageIndex],
    ["OCI image sent as a Docker manifest", imageJson(), dockerManifest],
    [
      "Docker manifest sent as an OCI image",
      imageJson({ mediaType: dockerManifest }),
      imageManifest,
    ],
    ["OCI index sent as an image", indexJson([]), imageManifest],
    ["OCI index sent as a Docker list", indexJson([]), dockerManifestList],
    ["image without mediaType sent as an index", without(imageJson()), imageIndex],
    ["index without mediaType sent as an image", without(indexJson([])), imageManifest],
    ["image without mediaType sent as Docker's", without(imageJson()), dockerManifest],
    ["index without mediaType sent as Docker's", without(indexJson([])), dockerManifestList],
    ["two content types", imageJson(), `${imageManifest}, ${imageIndex}`],
    ["a content type that is none", imageJson(), "json"],
  ])("Content-Type against the document: %s", (_, document, contentType) => {
    expect(() => parse(document, contentType)).toThrow(AMBIGUOUS);
  });

  it("accepts what is missing but certain", () => {
    expect(parse(without(imageJson()), imageManifest).mediaType).toBe(imageManifest);
    expect(parse(without(indexJson([])), imageIndex).mediaType).toBe(imageIndex);
    expect(parse(without(imageJson())).mediaType).toBe(imageManifest);
    expect(parse(without(indexJson([]))).mediaType).toBe(imageIndex);
    expect(parse(imageJson({ mediaType: dockerManifest })).mediaType).toBe(dockerManifest);
  });

  it.each(["", "application/json", "text/plain; charset=utf-8", "application/octet-stream"])(
    "a Content-Type of %j says nothing",
    (contentType) => {
      expect(parse(imageJson(), contentType).kind).toBe("image");
      expect(parse(indexJson([]), contentType).kind).toBe("index");
    },
  );

  it("ignores case and parameters of Content-Type", () => {
    expect(parse(imageJson(), `${imageManifest.toUpperCase()} ; q=1`).kind).toBe("image");
  });

  it.each(["Layers", "LAYERS", "layer\u017f", "MEDIATYPE", "MediaType", "Manifests", "Config"])(
    "a key %j, which Go's reader takes for another",
    (key) => {
      expect(() => parse({ ...imageJson(), [key]: [] })).toThrow(AMBIGUOUS);
      expect(() => parse(JSON.stringify({ [key]: [], ...imageJson() }))).toThrow(AMBIGUOUS);
    },
  );

  it.each(["Digest", "SIZE", "mediatype", "Data", "URLs", "\u017fize"])(
    "a descriptor's key %j",
    (key) => {
      const layers = [descriptorJson({ [key]: 1 })];
      expect(() => parse(imageJson({ layers }))).toThrow(AMBIGUOUS);
    },
  );

  it.each(["OS", "Architecture", "OS.Version"])("a platform's key %j", (key) => {
    const platform = { os: "linux", architecture: "amd64", [key]: "x" };
    expect(() => parse(indexJson([], { manifests: [descriptorJson({ platform })] }))).toThrow(
      AMBIGUOUS,
    );
  });

  it("leaves unknown keys and other cases of unknown keys alone", () => {
    expect(parse({ ...imageJson(), Foo: 1, foo: 2, layersX: 3 }).kind).toBe("image");
  });

  it.each([
    ['"schemaVersion":2,"schemaVersion":2', "document"],
    ['"layers":[],"l\\u0061yers":[]', "escaped"],
    ['"x":{"a":1,"a":2}', "nested"],
  ])("a key twice: %s (%s)", (field) => {
    const text = JSON.stringify(imageJson());
    expect(() => parse(`{${field},${text.slice(1)}`)).toThrow(AMBIGUOUS);
  });

  it.each(["1e3", "10.0", "-0", "1E1", "1.5", "0.1e1"])("a size written as %s", (number) => {
    const text = JSON.stringify(imageJson()).replace('"size":10', `"size":${number}`);
    expect(() => parse(text)).toThrow(AMBIGUOUS);
  });

  it.each(["2.0", "2e0"])("a schemaVersion written as %s", (number) => {
    const text = JSON.stringify(imageJson()).replace('n":2', `n" : ${number}`);
    expect(() => parse(text)).toThrow(AMBIGUOUS);
  });

  it("embedded data of another length than size", () => {
    const config = descriptorJson({ data: "e30=", size: 3 });
    expect(() => parse(imageJson({ config }))).toThrow(AMBIGUOUS);
  });
});
