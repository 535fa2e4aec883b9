import { describe, expect, it } from "vitest";
import { createRegistryClient, RESUME } from "../../../src/client/mod.ts";
import { resolveClientOptions } from "../../../src/client/options.ts";
import { Secret } from "../../../src/core/mod.ts";
import { memoryKv } from "../../../src/kv/mod.ts";
import { resolveUpstream } from "../../../src/upstream/mod.ts";

const HUB = resolveUpstream("docker.io");

describe("createRegistryClient()", () => {
  it("fills in every blank, frozen", () => {
    const settings = resolveClientOptions({});
    expect(settings).toMatchObject({
      platform: { os: "linux", architecture: "amd64" },
      resume: RESUME,
      limits: { manifestBytes: 4_194_304, pages: 1000 },
      upstreams: [],
    });
    expect(Object.isFrozen(settings) && Object.isFrozen(settings.limits)).toBe(true);
  });

  it.each([
    [{ sealingKeys: [new Secret("k".repeat(32))] }, "sealingKeys without kv"],
    [{ upstreams: [HUB, HUB] }, 'Two upstreams are named "docker.io"'],
    [{ limits: { pages: -1 } }, "limits.pages"],
    [{ resume: { stallMs: Number.NaN } }, "resume.stallMs"],
  ])("refuses %o", (options, message) => {
    expect(() => createRegistryClient(options)).toThrow(TypeError);
    expect(() => createRegistryClient(options)).toThrow(message);
  });

  it("refuses a platform that is none", () => {
    expect(() => createRegistryClient({ platform: "a/b/c/d" })).toThrow();
  });

  it("takes sealing keys with a store", () => {
    const sealingKeys = [new Secret("k".repeat(32))];
    expect(() => createRegistryClient({ kv: memoryKv(), sealingKeys })).not.toThrow();
  });
});
