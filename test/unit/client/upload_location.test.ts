import { describe, expect, it } from "vitest";
import { baseOf, permitLocation } from "../../../src/client/upload_location.ts";
import type { RegistryRequest, RegistryResponse } from "../../../src/core/mod.ts";
import { resolveUpstream } from "../../../src/upstream/mod.ts";

const AWAY = "https://uploads.example.com";
const UPSTREAM = { ...resolveUpstream("registry.example.com"), uploadOrigins: [AWAY] };
const HOME = UPSTREAM.origin;
const TARGET = { origin: HOME, repository: "acme/app" };
const permit = (location: string, from: string): string =>
  permitLocation({ upstream: UPSTREAM }, TARGET, location, `${from}/v2/acme/app/blobs/uploads/1`);

describe("permitLocation()", () => {
  it.each([
    [`${HOME}/v2/acme/app/blobs/uploads/2?sig=x`, AWAY],
    [`${HOME}/v2/acme/app/blobs/upload/2`, AWAY],
    [`${AWAY}/anything`, AWAY],
    [`${AWAY}/anything`, HOME],
    [`${HOME}/artifacts-uploads/2`, HOME],
  ])("permits %s from %s", (location, from) => {
    expect(permit(location, from)).toBe(location);
  });

  it.each([
    "/v2/acme/app/manifests/v1",
    "/v2/acme/app2/blobs/uploads/1",
    "/v2/acme/app/blobs/uploads/../../manifests/v1",
    "/v2/acme/app/blobs/uploads/%2e%2e/%2E%2e/manifests/v1",
    "/v2/acme/app/blobs/uploads/..%2F..%2fmanifests/v1",
    "/v2/acme/app/blobs/uploads/..%5cmanifests",
    "//v2/acme/app/blobs/uploads/1",
    "/",
  ])("lets nobody but the registry lead back to %s", (path) => {
    const details = expect.objectContaining({ what: "Location", input: HOME }) as unknown;
    const wrong = { code: "INVALID_RESPONSE", details };
    expect(() => permit(HOME + path, AWAY)).toThrow(expect.objectContaining(wrong));
  });

  it("permits no origin that is not listed", () => {
    expect(() => permit("https://elsewhere.example.com/1", HOME))
      .toThrow(expect.objectContaining({ code: "ORIGIN_NOT_TRUSTED" }));
  });
});

describe("baseOf()", () => {
  it("is the last URL after redirects, else the one asked with its query", () => {
    const request = { url: `${HOME}/a?b=c` } as RegistryRequest;
    const answered = (url: string): string => baseOf(request, { url } as RegistryResponse);
    expect(answered(`${HOME}/a`)).toBe(`${HOME}/a?b=c`);
    expect(answered(`${AWAY}/d`)).toBe(`${AWAY}/d`);
  });
});
