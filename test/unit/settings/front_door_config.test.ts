import { describe, expect, it } from "vitest";
import * as fc from "fast-check";
import { isTidegateError } from "../../../src/core/mod.ts";
import { parseFrontDoorConfig } from "../../../src/settings/mod.ts";

const HUB = {
  name: "hub",
  origin: "https://registry-1.docker.io",
  prefix: "docker.io",
  default: true,
};
const SHA = "ab".repeat(32);

function problem(config: unknown): { key: string; reason: string; message: string } {
  try {
    parseFrontDoorConfig(config);
  } catch (error) {
    if (isTidegateError(error, "CONFIGURATION")) {
      return { ...error.details, message: error.message };
    }
    throw error;
  }
  throw new Error("the configuration was accepted");
}

describe("parseFrontDoorConfig()", () => {
  it("fills in what denies and reaches nothing", () => {
    expect(parseFrontDoorConfig("{}")).toEqual({
      upstreams: [],
      hosts: [],
      access: { anonymous: [], tokens: [] },
      ranges: "verified",
      sealingKeys: [],
      cache: { tagTtlSeconds: 0, staleIfErrorSeconds: 0, pullReserve: 10 },
      cors: { origins: [] },
      limits: { manifestBytes: 4194304, chunkBytes: 99614720 },
    });
  });

  it("reads a whole configuration", () => {
    const settings = parseFrontDoorConfig({
      upstreams: [{
        ...HUB,
        credentials: { username: "u", password: { secret: "HUB_PASSWORD" } },
        tokenOrigins: ["https://auth.docker.io"],
        blobOrigins: ["*"],
        uploadOrigins: [],
        insecure: false,
        profile: "hub",
      }],
      access: {
        anonymous: ["hub/library/**:pull"],
        tokens: [{ name: "ci", sha256: SHA, allow: ["hub/acme/**:pull,push"] }],
      },
      ranges: "pass",
      sealingKeys: [{ secret: "SEAL_KEY_1" }],
      cors: { origins: ["https://app.example"] },
      cache: { blobs: "off", tagTtlSeconds: 0 },
      limits: { manifestBytes: 65536 },
    });
    const [hub] = settings.upstreams;
    expect(hub?.upstream.profile.name).toBe("hub");
    expect(hub?.namespaces).toContain("docker.io");
    expect(hub?.credentials).toEqual({
      kind: "basic",
      username: "u",
      password: { secret: "HUB_PASSWORD" },
    });
    expect(settings.access.tokens[0]?.sha256).toEqual(new Uint8Array(32).fill(0xab));
    expect(settings.access.anonymous).toEqual([
      { upstream: "hub", repository: ["library", "**"], actions: ["pull"] },
    ]);
  });

  it("binds a profile's token service to the profile's own origin alone", () => {
    const tokenOrigins = (origin: string): readonly string[] | undefined =>
      parseFrontDoorConfig({ upstreams: [{ ...HUB, origin, profile: "hub" }] })
        .upstreams[0]?.upstream.tokenOrigins;
    expect(tokenOrigins("https://registry-1.docker.io")).toEqual(["https://auth.docker.io"]);
    expect(tokenOrigins("https://mirror.example")).toEqual([]);
  });

  it("refuses a user name that Basic cannot carry", () => {
    const credentials = { username: "a:b", password: { secret: "HUB_PASSWORD" } };
    expect(() => parseFrontDoorConfig({ upstreams: [{ ...HUB, credentials }] })).toThrow(
      expect.objectContaining({ code: "CONFIGURATION" }),
    );
  });

  it("freezes the settings all the way down", () => {
    const settings = parseFrontDoorConfig({ upstreams: [HUB] });
    expect(Object.isFrozen(settings.upstreams[0]?.upstream.blobOrigins)).toBe(true);
    expect(Object.isFrozen(settings.access.anonymous)).toBe(true);
  });

  it.each<[string, unknown, string]>([
    ["an unknown key", { upstream: [] }, "upstream"],
    ["an unknown key inside", { upstreams: [{ ...HUB, orgin: "x" }] }, "upstreams[0].orgin"],
    ["a cache of blobs", { cache: { blobs: "r2" } }, "cache.blobs"],
    ["a time that is none", { cache: { tagTtlSeconds: -1 } }, "cache.tagTtlSeconds"],
    ["tags for a week", { cache: { tagTtlSeconds: 604_800 } }, "cache.tagTtlSeconds"],
    ["a reserve of parts", { cache: { pullReserve: 0.5 } }, "cache.pullReserve"],
    ["stale answers alone", { cache: { staleIfErrorSeconds: 1 } }, "cache.staleIfErrorSeconds"],
    [
      "uploads to any origin",
      { upstreams: [{ ...HUB, uploadOrigins: ["*"] }] },
      "upstreams[0].uploadOrigins[0]",
    ],
    [
      "uploads over http",
      { upstreams: [{ ...HUB, uploadOrigins: ["https://a.b", "http://a.b"] }] },
      "upstreams[0].uploadOrigins[1]",
    ],
    [
      "a path in an upload origin",
      { upstreams: [{ ...HUB, uploadOrigins: ["https://a.b/v2"] }] },
      "upstreams[0].uploadOrigins[0]",
    ],
    ["budgets per identity", { limits: { perIdentity: {} } }, "limits.perIdentity"],
    ["a name in upper case", { upstreams: [{ ...HUB, name: "Hub" }] }, "upstreams[0].name"],
    ["no origin", { upstreams: [{ name: "x" }] }, "upstreams[0].origin"],
    [
      "a path in an origin",
      { upstreams: [{ ...HUB, origin: "https://a.b/v2" }] },
      "upstreams[0].origin",
    ],
    [
      "a password in an origin",
      { upstreams: [{ ...HUB, origin: "https://u:p@a.b" }] },
      "upstreams[0].origin",
    ],
    ["plain http", { upstreams: [{ ...HUB, origin: "http://a.b" }] }, "upstreams[0].origin"],
    ["a file", { upstreams: [{ ...HUB, origin: "file:///etc" }] }, "upstreams[0].origin"],
    [
      "a realm over http",
      { upstreams: [{ ...HUB, tokenOrigins: ["http://a.b"] }] },
      "upstreams[0].tokenOrigins[0]",
    ],
    [
      "any token origin",
      { upstreams: [{ ...HUB, tokenOrigins: ["*"] }] },
      "upstreams[0].tokenOrigins[0]",
    ],
    ["an unknown profile", { upstreams: [{ ...HUB, profile: "harbor" }] }, "upstreams[0].profile"],
    ["a prefix with a port", { upstreams: [{ ...HUB, prefix: "a:5000" }] }, "upstreams[0].prefix"],
    [
      "an upstream nothing leads to",
      { upstreams: [{ ...HUB, prefix: undefined, default: false }] },
      "upstreams[0]",
    ],
    [
      "two defaults",
      { upstreams: [HUB, { ...HUB, name: "b", prefix: "b" }] },
      "upstreams[1].default",
    ],
    [
      "a name twice",
      { upstreams: [HUB, { ...HUB, prefix: "b", default: false }] },
      "upstreams[1].name",
    ],
    [
      "a prefix twice",
      { upstreams: [HUB, { ...HUB, name: "b", default: false }] },
      "upstreams[1].prefix",
    ],
    ["a password in the file", {
      upstreams: [{ ...HUB, credentials: { username: "u", password: "p" } }],
    }, "upstreams[0].credentials.password"],
    [
      "a user name alone",
      { upstreams: [{ ...HUB, credentials: { username: "u" } }] },
      "upstreams[0].credentials",
    ],
    [
      "a rule without actions",
      { upstreams: [HUB], access: { anonymous: ["hub/**"] } },
      "access.anonymous[0]",
    ],
    [
      "a rule for no upstream",
      { upstreams: [HUB], access: { anonymous: ["ghcr/**:pull"] } },
      "access.anonymous[0]",
    ],
    [
      "a short token digest",
      { access: { tokens: [{ name: "ci", sha256: "ab", allow: [] }] } },
      "access.tokens[0].sha256",
    ],
    ["any origin beside tokens", {
      access: { tokens: [{ name: "ci", sha256: SHA, allow: [] }] },
      cors: { origins: ["*"] },
    }, "cors.origins[0]"],
    ["a CORS origin with a slash", { cors: { origins: ["https://a.b/"] } }, "cors.origins[0]"],
    ["ranges spelled wrong", { ranges: "on" }, "ranges"],
    ["a limit as text", { limits: { manifestBytes: "4 MiB" } }, "limits.manifestBytes"],
    ["a chunk limit of a byte", { limits: { chunkBytes: 1 } }, "limits.chunkBytes"],
    ["a chunk limit below 0", { limits: { chunkBytes: -1 } }, "limits.chunkBytes"],
    ["a chunk limit over 4 GiB", { limits: { chunkBytes: 2 ** 32 + 1 } }, "limits.chunkBytes"],
    ["half a byte", { limits: { chunkBytes: 2 ** 20 + 0.5 } }, "limits.chunkBytes"],
    ["an array", [], ""],
    ["null", null, ""],
  ])("refuses %s, naming the key", (_, config, key) => {
    expect(problem(config).key).toBe(key);
  });

  it("never shows a value, only its kind", () => {
    const canary = "hunter2-canary";
    for (
      const config of [
        { upstreams: [{ ...HUB, credentials: { username: "u", password: canary } }] },
        { upstreams: [{ ...HUB, origin: `https://u:${canary}@a.b` }] },
        { access: { tokens: [{ name: "ci", sha256: canary, allow: [] }] } },
        { sealingKeys: [canary] },
        `{ "a": "${canary}`,
        `{ "a": ${canary} }`,
      ]
    ) {
      expect(problem(config).message).not.toContain("canary");
    }
    expect(problem({ ranges: 7 }).message).toBe(
      "The key ranges (a number) must be verified, pass or off",
    );
  });

  it("allows plain http to this machine, and elsewhere where insecure says so", () => {
    for (const origin of ["http://127.0.0.1:5000", "http://localhost:5000", "http://[::1]:5000"]) {
      expect(parseFrontDoorConfig({ upstreams: [{ ...HUB, origin }] }).upstreams).toHaveLength(1);
    }
    const insecure = { ...HUB, origin: "http://registry.lan", insecure: true };
    expect(parseFrontDoorConfig({ upstreams: [insecure] }).upstreams).toHaveLength(1);
  });

  it("takes origins that uploads may go on at", () => {
    const uploadOrigins = ["https://uploads.example", "https://a.b:8443"];
    const { upstreams } = parseFrontDoorConfig({ upstreams: [{ ...HUB, uploadOrigins }] });
    expect(upstreams[0]?.upstream.uploadOrigins).toEqual(uploadOrigins);
    expect(parseFrontDoorConfig({ upstreams: [HUB] }).upstreams[0]?.upstream.uploadOrigins)
      .toEqual([]);
  });

  it.each([0, 2 ** 20, 2 ** 32])("takes a chunk limit of %i", (chunkBytes) => {
    expect(parseFrontDoorConfig({ limits: { chunkBytes } }).limits.chunkBytes).toBe(chunkBytes);
  });

  it("refuses a key that is given twice", () => {
    expect(problem('{"ranges":"off","ranges":"pass"}').reason).toContain("repeated");
  });

  it("throws nothing untyped, whatever it is given", () => {
    fc.assert(fc.property(fc.jsonValue(), (json) => {
      try {
        parseFrontDoorConfig(json);
      } catch (error) {
        expect(isTidegateError(error, "CONFIGURATION")).toBe(true);
      }
    }));
  });
});
