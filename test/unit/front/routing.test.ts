import { describe, expect, it } from "vitest";
import { isKnownHost, selectUpstream } from "../../../src/front/routing.ts";
import { parseFrontDoorConfig } from "../../../src/settings/mod.ts";

const settings = parseFrontDoorConfig({
  upstreams: [
    { name: "hub", origin: "https://registry-1.docker.io", prefix: "docker.io", default: true },
    { name: "ghcr", origin: "https://ghcr.io", prefix: "ghcr.io" },
    { name: "acme", origin: "https://ghcr.acme.example", prefix: "ghcr.io/acme" },
    { name: "quay", origin: "https://quay.io", host: "quay.door.example" },
  ],
  hosts: ["door.example"],
});

function select(
  name: string,
  options: { host?: string; namespace?: string } = {},
): string | undefined {
  const { host = "door.example", namespace } = options;
  const found = selectUpstream(settings, { host, name, namespace });
  return found && `${found.upstream.upstream.name}/${found.repository}`;
}

describe("selectUpstream()", () => {
  it.each([
    ["library/hello", "hub/library/hello"],
    ["hello", "hub/library/hello"],
    ["docker.io/hello", "hub/library/hello"],
    ["docker.io/acme/app", "hub/acme/app"],
    ["ghcr.io/a/b", "ghcr/a/b"],
    ["ghcr.io/acme/app", "acme/app"],
    ["ghcr.io/acme", "ghcr/acme"],
    ["ghcr.iox/a", "hub/ghcr.iox/a"],
  ])("routes %s by prefix to %s", (name, expected) => {
    expect(select(name)).toBe(expected);
  });

  it("routes by host, and then takes the name as it is", () => {
    expect(select("ghcr.io/a/b", { host: "quay.door.example" })).toBe("quay/ghcr.io/a/b");
  });

  it.each([
    ["docker.io", "hub/library/hello"],
    ["index.docker.io", "hub/library/hello"],
    ["registry-1.docker.io", "hub/library/hello"],
    ["ghcr.io", "ghcr/hello"],
    ["quay.io", "quay/hello"],
    ["evil.example", undefined],
    ["", undefined],
    ["DOCKER.IO", undefined],
    ["https://docker.io", undefined],
    ["docker.io@evil.example", undefined],
  ])("lets ?ns=%s choose out of the configured upstreams only", (namespace, expected) => {
    expect(select("hello", { namespace })).toBe(expected);
  });

  it("finds nothing where there is no default", () => {
    const bare = parseFrontDoorConfig({
      upstreams: [{ name: "ghcr", origin: "https://ghcr.io", prefix: "ghcr.io" }],
    });
    const request = { host: "x", name: "library/hello", namespace: undefined };
    expect(selectUpstream(bare, request)).toBeUndefined();
  });
});

describe("isKnownHost()", () => {
  it.each([
    ["door.example", true],
    ["quay.door.example", true],
    ["door.example:443", false],
    ["x.door.example", false],
    ["door.example.", false],
    ["127.0.0.1", false],
  ])("%s: %s", (host, known) => {
    expect(isKnownHost(settings, host)).toBe(known);
  });

  it("answers any host where none is configured", () => {
    expect(isKnownHost(parseFrontDoorConfig({}), "whatever")).toBe(true);
  });
});
