import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isTidegateError } from "../../../src/core/mod.ts";
import type { SyncOptions, SyncPlan } from "../../../src/copy/mod.ts";
import { parseSyncSettings } from "../../../src/settings/mod.ts";

const FILE = `
defaults:
  referrers: true
  tags: { newest: 5 }
parallel: { images: 4, blobs: 3 }
wait_seconds: 60
fail_fast: true
rules:
  - from: docker.io/library/nginx
    to: registry.example.com/mirror/nginx
    tags:
      include: ["1.*"]
      exclude: ["*-rc*"]
      semver: ">=1.25"
    platforms: [linux/amd64]
    digest_tags: true
  - from: ghcr.io/acme/*
    to: registry.example.com/{repository}
    referrers: [application/spdx+json]
    delete: true
`;

function problem(text: string): unknown {
  try {
    return parseSyncSettings(text);
  } catch (error) {
    return isTidegateError(error, "CONFIGURATION") ? error.details.key : error;
  }
}

describe("parseSyncSettings()", () => {
  it("reads rules, defaults and options", () => {
    const settings: SyncPlan & SyncOptions = parseSyncSettings(FILE);
    expect(settings).toEqual({
      rules: [
        {
          from: "docker.io/library/nginx",
          to: "registry.example.com/mirror/nginx",
          tags: { include: ["1.*"], exclude: ["*-rc*"], semver: ">=1.25" },
          platforms: ["linux/amd64"],
          referrers: true,
          digestTags: true,
        },
        {
          from: "ghcr.io/acme/*",
          to: "registry.example.com/{repository}",
          tags: { newest: 5 },
          referrers: ["application/spdx+json"],
          delete: true,
        },
      ],
      images: 4,
      concurrency: 3,
      waitMs: 60_000,
      failFast: true,
    });
    expect(Object.isFrozen(settings.rules[0]?.tags)).toBe(true);
  });

  it("refuses what breaks a rule, naming the key", () => {
    const rule = "rules: [{ from: a/b, to: c/d";
    const cases: readonly (readonly [string, string])[] = [
      ["", ""],
      ["rules: []", "rules"],
      ["rules: [{ from: a/b }]", "rules[0].to"],
      [`${rule}, tag: x }]`, "rules[0].tag"],
      [`${rule}, tags: [x] }]`, "rules[0].tags"],
      [`${rule}, tags: { newest: 0 } }]`, "rules[0].tags.newest"],
      [`${rule}, tags: { include: x } }]`, "rules[0].tags.include"],
      [`${rule}, referrers: 1 }]`, "rules[0].referrers"],
      [`${rule}, delete: yes }]`, "rules[0].delete"],
      [`${rule} }]\nparallel: { images: 0 }`, "parallel.images"],
      [`${rule} }]\nwait_seconds: 3600`, "wait_seconds"],
      [`${rule} }]\ndefaults: { from: a }`, "defaults.from"],
    ];
    for (const [text, key] of cases) expect([text, problem(text)]).toEqual([text, key]);
  });

  it("throws nothing else", () => {
    fc.assert(fc.property(fc.json(), (text) => {
      expect(["string", "object"]).toContain(typeof problem(text));
    }));
  });
});
