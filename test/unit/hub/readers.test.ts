import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../../../src/core/mod.ts";
import { readApiRateLimit } from "../../../src/hub/api_rate_limit.ts";
import {
  assertHub,
  formatHubName,
  parseHubName,
  parseNamespace,
} from "../../../src/hub/hub_name.ts";
import { readJwtTimes } from "../../../src/hub/jwt_times.ts";
import { readRepositoryDetails } from "../../../src/hub/repository.ts";
import { readTag } from "../../../src/hub/tag.ts";
import { parseDigest } from "../../../src/reference/mod.ts";
import { attempt, expectFast, mebibyteOf } from "../../support/parser_checks.ts";

const DIGEST = parseDigest(`sha256:${"a".repeat(64)}`);

function base64Url(value: unknown): string {
  return btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function jwt(claims: unknown): string {
  return `${base64Url({ alg: "none" })}.${base64Url(claims)}.sig`;
}

describe("readJwtTimes()", () => {
  it("reads when a token ends, and how long it lives", () => {
    expect(readJwtTimes(jwt({ exp: 1600, iat: 1000 }))).toEqual({
      expiresAt: 1_600_000,
      lifetimeMs: 600_000,
    });
    expect(readJwtTimes(jwt({ exp: 1600 }))).toEqual({
      expiresAt: 1_600_000,
      lifetimeMs: undefined,
    });
    expect(readJwtTimes(jwt({ exp: 1600, iat: 1700 }))?.lifetimeMs).toBeUndefined();
  });

  it.each([
    "",
    "a",
    "a.b",
    "a.b.c",
    "a.b.c.d",
    jwt({}),
    jwt([]),
    jwt({ exp: "1" }),
    jwt({ exp: -1 }),
  ])(
    "finds nothing in %j",
    (token) => {
      expect(readJwtTimes(token)).toBeUndefined();
    },
  );

  it("throws at nothing and reads 1 MiB in no time", () => {
    fc.assert(fc.property(fc.string(), fc.json(), (text, json) => {
      readJwtTimes(text);
      readJwtTimes(`x.${text}.y`);
      readJwtTimes(`x.${base64Url(json)}.y`);
    }));
    expectFast(() => readJwtTimes(`x.${mebibyteOf("eyJ")}.y`));
  });
});

describe("readRepositoryDetails() and readTag()", () => {
  it("take a whole answer", () => {
    const repository = readRepositoryDetails({
      name: "app",
      namespace: "acme",
      repository_type: null,
      is_private: true,
      star_count: 3,
      pull_count: "12",
      last_updated: "2026-02-03T04:05:06.123456Z",
      media_types: ["a/b"],
      permissions: { read: true, write: false },
      something_new: {},
    });
    expect(repository).toMatchObject({
      namespace: "acme",
      isPrivate: true,
      pulls: 12,
      type: undefined,
      updatedAt: Date.UTC(2026, 1, 3, 4, 5, 6, 123),
      mediaTypes: ["a/b"],
      permissions: { read: true, write: false, admin: false },
    });
    const tag = readTag({
      name: "v1",
      digest: DIGEST,
      status: "inactive",
      images: [{ architecture: "arm64", os: "linux", digest: "", size: 7 }],
    });
    expect(tag).toMatchObject({ name: "v1", digest: DIGEST, status: "inactive" });
    expect(tag.images[0]).toMatchObject({ architecture: "arm64", digest: undefined, size: 7 });
  });

  it.each<[Json, RegExp]>([
    [null, /must be a JSON object/],
    [{ name: "app" }, /namespace must be a string/],
    [{ name: "", namespace: "a" }, /name must not be empty/],
    [{ name: "a", namespace: "a", star_count: -1 }, /star_count must be a whole number/],
    [{ name: "a", namespace: "a", is_private: "no" }, /is_private must be true or false/],
    [{ name: "a", namespace: "a", last_updated: "soon" }, /last_updated must be a date/],
    [{ name: "a", namespace: "a", media_types: {} }, /media_types must be a list/],
  ])("refuse the repository %j", (value, message) => {
    expect(() => readRepositoryDetails(value)).toThrow(message);
  });

  it.each<[Json, RegExp]>([
    [{ name: "no tag" }, /must be a tag/],
    [{ name: "v1", digest: "sha256:1" }, /must be a digest/],
    [{ name: "v1", images: [7] }, /images\[0\] must be a JSON object/],
  ])("refuse the tag %j", (value, message) => {
    expect(() => readTag(value)).toThrow(message);
  });

  it("throw nothing untyped", () => {
    const value = fc.jsonValue() as fc.Arbitrary<Json>;
    const fields = fc.record({ name: value, namespace: value, images: value, pull_count: value });
    fc.assert(fc.property(fc.oneof(value, fields as fc.Arbitrary<Json>), (json) => {
      attempt(() => readRepositoryDetails(json));
      attempt(() => readTag(json));
    }));
  });
});

describe("readApiRateLimit()", () => {
  it.each([
    [{ "x-ratelimit-limit": "600", "x-ratelimit-remaining": "599" }, {
      limit: 600,
      remaining: 599,
      resetAt: undefined,
    }],
    [{ "x-ratelimit-limit": "600;w=60", "x-ratelimit-reset": "5" }, {
      limit: 600,
      remaining: undefined,
      resetAt: 5000,
    }],
    [{ "retry-after": "7", "x-ratelimit-reset": "5" }, {
      limit: undefined,
      remaining: undefined,
      resetAt: 8000,
    }],
    [{ "x-ratelimit-limit": "many" }, undefined],
    [{}, undefined],
  ])("reads %j", (headers, expected) => {
    expect(readApiRateLimit(new Headers(headers as Record<string, string>), 1000)).toEqual(
      expected,
    );
  });
});

describe("parseHubName()", () => {
  it.each([
    ["nginx", "library/nginx"],
    ["acme/app", "acme/app"],
    ["42co/a__b", "42co/a__b"],
    [{ registry: "index.docker.io", repository: "acme/app" }, "acme/app"],
  ])("splits %j", (input, full) => {
    expect(formatHubName(parseHubName(input))).toBe(full);
  });

  it.each([
    ["", "INVALID_NAME"],
    ["Acme/app", "INVALID_NAME"],
    ["a/b/c", "INVALID_NAME"],
    ["acme/app:v1", "INVALID_NAME"],
    ["a/b", "INVALID_NAMESPACE"],
    ["ac_me/app", "INVALID_NAMESPACE"],
    [{ registry: "ghcr.io", repository: "acme/app" }, "INVALID_IMAGE_REFERENCE"],
  ])("refuses %j with %s", (input, code) => {
    expect(() => parseHubName(input)).toThrow(expect.objectContaining({ code }));
  });

  it("throws nothing untyped, and is fast", () => {
    fc.assert(fc.property(fc.string(), (text) => {
      attempt(() => parseHubName(text));
      attempt(() => parseNamespace(text));
      attempt(() => assertHub({ registry: text }));
    }));
    expectFast(() => parseHubName(mebibyteOf("a-")));
    expectFast(() => parseNamespace(mebibyteOf("a-")));
  });
});
