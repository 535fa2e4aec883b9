import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  DEFAULT_PLATFORM,
  formatPlatform,
  type ImageIndex,
  normalizePlatform,
  parsePlatform,
  type Platform,
  selectPlatform,
} from "../../../src/manifest/mod.ts";
import { descriptorJson, indexJson, parse } from "../../support/manifests.ts";
import { attempt, expectFast, mebibyteOf } from "../../support/parser_checks.ts";
import { nearGrammar } from "../../support/wire_arbitraries.ts";

describe("parsePlatform()", () => {
  it.each([
    ["linux/amd64", "linux/amd64"],
    ["linux", "linux/amd64"],
    ["arm64", "linux/arm64"],
    ["Linux/AArch64", "linux/arm64"],
    ["linux/arm64/v8", "linux/arm64"],
    ["linux/arm64/8", "linux/arm64"],
    ["linux/arm64/v8.0", "linux/arm64"],
    ["linux/arm64/9", "linux/arm64/v9"],
    ["linux/arm64/v9.0", "linux/arm64/v9"],
    ["linux/arm64/v8.2", "linux/arm64/v8.2"],
    ["linux/arm", "linux/arm/v7"],
    ["linux/arm/6", "linux/arm/v6"],
    ["armhf", "linux/arm/v7"],
    ["armel", "linux/arm/v6"],
    ["linux/armel/v7", "linux/arm/v6"],
    ["x86_64", "linux/amd64"],
    ["linux/x86-64/v1", "linux/amd64"],
    ["linux/amd64/v3", "linux/amd64/v3"],
    ["i386", "linux/386"],
    ["linux/386/x", "linux/386"],
    ["macos", "darwin/amd64"],
    ["MacOS/arm64", "darwin/arm64"],
    ["windows(10.0.17763)/amd64", "windows(10.0.17763)/amd64"],
    ["windows(10.0.17763+win32k)", "windows(10.0.17763+win32k)/amd64"],
    ["linux(+b+a+b)/amd64", "linux(+a+b)/amd64"],
    ["linux()/s390x", "linux/s390x"],
    ["linux/riscv64", "linux/riscv64"],
    ["plan10/z80", "plan10/z80"],
  ])("reads %s as %s", (text, normal) => {
    expect(formatPlatform(parsePlatform(text))).toBe(normal);
  });

  it.each([
    "",
    "/",
    "linux/",
    "/amd64",
    "a/b/c/d",
    "nothing",
    "linux/*",
    "linux (1)/amd64",
    "windows(1",
    "windows(%zz)/amd64",
    "arm64(1)",
    "linux/a b",
    "l\u0131nux/amd64",
    "x".repeat(256),
  ])(
    "refuses %j as INVALID_PLATFORM",
    (text) => {
      expect(() => parsePlatform(text)).toThrow(
        expect.objectContaining({ code: "INVALID_PLATFORM" }),
      );
    },
  );

  it("is undone by formatPlatform(), whatever the spelling", () => {
    const word = fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/);
    const platform = fc.record({
      os: fc.oneof(fc.constantFrom("linux", "windows", "MacOS"), word),
      architecture: fc.oneof(fc.constantFrom("amd64", "arm", "AArch64", "x86_64", "i386"), word),
      variant: fc.option(fc.oneof(fc.constantFrom("v8", "7", "v9.0", "V3"), word), {
        nil: undefined,
      }),
      osVersion: fc.option(fc.string({ maxLength: 12 }), { nil: undefined }),
      osFeatures: fc.option(fc.array(fc.string({ maxLength: 8 }), { maxLength: 3 }), {
        nil: undefined,
      }),
    });
    fc.assert(
      fc.property(platform, (given) => {
        const normal = normalizePlatform(given as Platform);
        expect(normalizePlatform(normal)).toEqual(normal);
        expect(parsePlatform(formatPlatform(normal))).toEqual(normal);
      }),
      { numRuns: 2000 },
    );
  });

  it("never throws anything untyped", () => {
    fc.assert(
      fc.property(nearGrammar, (text) => {
        const platform = attempt(() => parsePlatform(text));
        if (platform !== undefined) {
          expect(parsePlatform(formatPlatform(platform))).toEqual(platform);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it.each(["a", "/", "a/", "(", "linux(+a"])("reads 1 MiB of %j fast", (pattern) => {
    expectFast(() => parsePlatform(mebibyteOf(pattern)));
  });
});

/** Which entry is taken: its platform as written, or the error's list. */
function choose(asked: string, offered: readonly string[]): string {
  const index = parse(indexJson(offered)) as ImageIndex;
  const { platform } = selectPlatform(index, parsePlatform(asked));
  return platform === undefined ? "none" : formatPlatform(platform);
}

describe("selectPlatform()", () => {
  it.each([
    ["linux/amd64", ["linux/arm64", "linux/amd64"], "linux/amd64"],
    ["linux/amd64", ["linux/amd64", "linux/amd64/v2"], "linux/amd64"],
    ["linux/amd64", ["linux/386", "linux/amd64/v1"], "linux/amd64/v1"],
    ["linux/amd64", ["linux/386"], "linux/386"],
    ["linux/amd64/v3", ["linux/amd64", "linux/amd64/v2", "linux/amd64/v4"], "linux/amd64/v2"],
    ["linux/amd64/v3", ["linux/amd64", "linux/amd64/v4"], "linux/amd64"],
    ["linux/amd64/v3", ["linux/amd64/v1", "linux/amd64/v3"], "linux/amd64/v3"],
    ["linux/arm", ["linux/arm/v5", "linux/arm/v6", "linux/arm/v7"], "linux/arm/v7"],
    ["linux/arm", ["linux/arm/v5", "linux/arm/v6"], "linux/arm/v6"],
    ["linux/arm/v8", ["linux/arm/v5", "linux/arm"], "linux/arm"],
    ["linux/arm/v6", ["linux/arm/v5"], "linux/arm/v5"],
    ["linux/arm64", ["linux/arm/v7", "linux/arm64/v8"], "linux/arm64/v8"],
    ["linux/arm64", ["linux/arm/v6", "linux/arm/v7"], "linux/arm/v7"],
    ["linux/arm64", ["linux/arm/v8", "linux/arm/v7"], "linux/arm/v8"],
    [
      "linux/arm64/v8.4",
      ["linux/arm64", "linux/arm64/v8.2", "linux/arm64/v8.6"],
      "linux/arm64/v8.2",
    ],
    ["linux/arm64/v9", ["linux/arm64", "linux/arm64/v8.5", "linux/arm64/v9.1"], "linux/arm64/v8.5"],
    ["linux/arm64/v9.2", ["linux/arm64/v8.7", "linux/arm64/v9"], "linux/arm64/v9"],
    ["linux/arm64/v9.2", ["linux/arm64/v8.7", "linux/arm64/v8.8"], "linux/arm64/v8.7"],
    ["linux/s390x", ["linux/amd64", "linux/s390x"], "linux/s390x"],
    ["linux/aarch64", ["linux/aarch64"], "linux/aarch64"],
    ["windows/amd64", ["linux/amd64", "windows/amd64"], "windows/amd64"],
  ])("for %s of %j takes %s", (asked, offered, chosen) => {
    expect(choose(asked, offered)).toBe(chosen);
    expect(choose(asked, [...offered].reverse())).toBe(chosen);
  });

  it.each([
    ["linux/amd64", ["linux/arm64", "windows/amd64"]],
    ["linux/amd64", ["linux/amd64/v2"]],
    ["linux/arm/v5", ["linux/arm/v6", "linux/arm64"]],
    ["linux/arm64", ["linux/arm64/v9", "linux/arm64/v8.1"]],
    ["linux/arm64/v10", ["linux/arm64/v11"]],
    ["linux/arm64/odd", ["linux/arm64"]],
    ["linux/386", ["linux/amd64"]],
    ["linux/amd64", ["unknown/unknown"]],
    ["linux/amd64", []],
  ])("for %s of %j finds nothing", (asked, offered) => {
    expect(() => choose(asked, offered)).toThrow(
      expect.objectContaining({ code: "PLATFORM_NOT_FOUND" }),
    );
  });

  it("lists what there is, normal, each once, attestations left out", () => {
    const offered = ["linux/arm64/v8", "linux/arm64", "unknown/unknown", "linux/arm", "a\nb/c"];
    expect(() => choose("linux/s390x", offered)).toThrow(
      expect.objectContaining({
        message:
          "No image for platform linux/s390x; there is linux/arm64, linux/arm/v7, a\\u{a}b/c",
        details: {
          requested: "linux/s390x",
          available: ["linux/arm64", "linux/arm/v7", "a\\u{a}b/c"],
        },
      }),
    );
    expect(() => choose("linux/s390x", [])).toThrow("there is nothing");
  });

  it("takes the first of equals", () => {
    const index = parse(indexJson(["linux/amd64", "linux/amd64"])) as ImageIndex;
    expect(selectPlatform(index, DEFAULT_PLATFORM)).toBe(index.manifests[0]);
  });

  it("never takes an entry that BuildKit marks as describing another", () => {
    const platform = { os: "linux", architecture: "amd64" };
    const annotations = { "vnd.docker.reference.type": "attestation-manifest" };
    const manifests = [descriptorJson({ platform, annotations }), descriptorJson({ platform })];
    const index = parse(indexJson([], { manifests })) as ImageIndex;
    expect(selectPlatform(index, platform)).toBe(index.manifests[1]);
  });

  it("takes a lone entry without platform last, and never guesses between two", () => {
    const plain = descriptorJson();
    const one = parse(indexJson([], { manifests: [plain] })) as ImageIndex;
    expect(selectPlatform(one, DEFAULT_PLATFORM)).toBe(one.manifests[0]);
    const named = descriptorJson({ platform: { os: "linux", architecture: "amd64" } });
    const two = parse(indexJson([], { manifests: [plain, named] })) as ImageIndex;
    expect(selectPlatform(two, DEFAULT_PLATFORM)).toBe(two.manifests[1]);
    const both = parse(indexJson([], { manifests: [plain, plain] })) as ImageIndex;
    expect(() => selectPlatform(both, DEFAULT_PLATFORM)).toThrow("there is nothing");
  });

  const onWindows = (asked: string, versions: readonly (string | undefined)[]): number => {
    const manifests = versions.map((version) =>
      descriptorJson({ platform: { os: "windows", architecture: "amd64", "os.version": version } })
    );
    const index = parse(indexJson([], { manifests })) as ImageIndex;
    return index.manifests.indexOf(selectPlatform(index, parsePlatform(asked)));
  };

  it("matches Windows by build, the highest revision first", () => {
    const versions = ["10.0.17763.100", "10.0.20348.5", "10.0.17763.6414", undefined];
    expect(onWindows("windows(10.0.17763.1)/amd64", versions)).toBe(2);
    expect(onWindows("windows(10.0.20348)/amd64", versions)).toBe(1);
    expect(onWindows("windows(10.0.26100)/amd64", versions)).toBe(3);
    expect(onWindows("windows/amd64", versions)).toBe(0);
    expect(() => onWindows("windows(10.0.26100)", ["10.0.17763.x"])).toThrow("there is windows(10");
    expect(onWindows("windows(10.0.17763)", ["10.0.17763.x", "10.0.17763.1"])).toBe(1);
  });

  it("asks for the features that an image needs, except on Windows", () => {
    const manifests = [["erofs"], []].map((features) =>
      descriptorJson({ platform: { os: "linux", architecture: "amd64", "os.features": features } })
    );
    const index = parse(indexJson([], { manifests })) as ImageIndex;
    expect(selectPlatform(index, parsePlatform("linux"))).toBe(index.manifests[1]);
    expect(selectPlatform(index, parsePlatform("linux(+erofs)"))).toBe(index.manifests[0]);
    const win32k = { os: "windows", architecture: "amd64", "os.features": ["win32k"] };
    const windows = parse(indexJson([], { manifests: [descriptorJson({ platform: win32k })] }));
    expect(selectPlatform(windows as ImageIndex, parsePlatform("windows")).size).toBe(10);
  });
});
