import { describe, expect, it } from "vitest";
import { isTidegateError } from "../../../src/core/mod.ts";
import {
  GENERIC_PROFILE,
  profileForHost,
  PROFILES,
  resolveUpstream,
  type UpstreamOverrides,
} from "../../../src/upstream/mod.ts";

describe("profileForHost()", () => {
  it("knows registries by the hosts that users write", () => {
    const table: Readonly<Record<string, string>> = {
      "docker.io": "hub",
      "index.docker.io": "hub",
      "registry-1.docker.io": "hub",
      "GHCR.io": "ghcr",
      "containers.acme.ghe.com": "ghcr",
      "123456789012.dkr.ecr.eu-west-1.amazonaws.com": "ecr",
      "public.ecr.aws": "ecr",
      "europe-west3-docker.pkg.dev": "gar",
      "gcr.io": "gar",
      "eu.gcr.io": "gar",
      "acme.azurecr.io": "acr",
      "quay.io": "quay",
      "registry.gitlab.com": "gitlab",
      "registry.example": "generic",
      "localhost:5000": "generic",
    };
    for (const [host, name] of Object.entries(table)) {
      expect([host, profileForHost(host).name]).toEqual([host, name]);
    }
  });

  it("is not fooled by look-alikes", () => {
    const hosts = [
      "docker.io.evil.test",
      "evil-docker.io",
      "notghcr.io",
      "ghcr.io:8443",
      "a.b.azurecr.io",
      ".azurecr.io",
      "-docker.pkg.dev",
      "x.dkr.ecr.amazonaws.com",
    ];
    for (const host of hosts) expect([host, profileForHost(host).name]).toEqual([host, "generic"]);
  });

  it("every preset is a complete profile with proper origins", () => {
    for (const profile of PROFILES) {
      expect(Object.keys(profile)).toEqual(expect.arrayContaining(Object.keys(GENERIC_PROFILE)));
      expect(() => resolveUpstream("x.example", { profile })).not.toThrow();
      for (const origin of profile.tokenOrigins) expect(new URL(origin).origin).toBe(origin);
    }
  });
});

describe("resolveUpstream()", () => {
  it("gives a mirror no token service of the registry that it mirrors", () => {
    const mirror = { origin: "https://mirror.example" };
    expect(resolveUpstream("docker.io", mirror).profile.name).toBe("hub");
    expect(resolveUpstream("docker.io", mirror).tokenOrigins).toEqual([]);
    const profile = { ...GENERIC_PROFILE, tokenOrigins: ["https://auth.example"] };
    expect(resolveUpstream("docker.io", { ...mirror, profile }).tokenOrigins)
      .toEqual(["https://auth.example"]);
  });

  it("finds Docker Hub's registry and token service", () => {
    expect(resolveUpstream("docker.io")).toMatchObject({
      name: "docker.io",
      origin: "https://registry-1.docker.io",
      tokenOrigins: ["https://auth.docker.io"],
      blobOrigins: ["*"],
      uploadOrigins: [],
      insecure: false,
    });
  });

  it("speaks http to this machine and https to everybody else", () => {
    expect(resolveUpstream("localhost:5000").origin).toBe("http://localhost:5000");
    expect(resolveUpstream("127.0.0.1").origin).toBe("http://127.0.0.1");
    expect(resolveUpstream("[::1]:5000").origin).toBe("http://[::1]:5000");
    expect(resolveUpstream("10.0.0.1:5000").origin).toBe("https://10.0.0.1:5000");
    expect(resolveUpstream("registry.example:443").origin).toBe("https://registry.example");
  });

  it("brings origins into their normal form", () => {
    const upstream = resolveUpstream("x.example", {
      name: "x",
      origin: "HTTPS://X.example:443/",
      tokenOrigins: ["https://Auth.example/"],
    });
    expect(upstream.origin).toBe("https://x.example");
    expect(upstream.tokenOrigins).toEqual(["https://auth.example"]);
  });

  const wrong: readonly (readonly [string, UpstreamOverrides, string])[] = [
    ["http where it is not allowed", { origin: "http://x.example" }, "origin"],
    ["a path", { origin: "https://x.example/v2" }, "origin"],
    ["a query", { origin: "https://x.example?a" }, "origin"],
    ["a user", { origin: "https://me@x.example" }, "origin"],
    ["another scheme", { origin: "ftp://x.example" }, "origin"],
    ["no scheme", { origin: "x.example" }, "origin"],
    ["a bad port", { origin: "https://x.example:99999" }, "origin"],
    ["* as token origin", { tokenOrigins: ["*"] }, "tokenOrigins"],
    ["* as upload origin", { uploadOrigins: ["*"] }, "uploadOrigins"],
    ["an http token origin", { tokenOrigins: ["http://auth.example"] }, "tokenOrigins"],
    ["a private http blob origin", { blobOrigins: ["http://10.0.0.1"] }, "blobOrigins"],
    [
      "an http token origin of a private https upstream",
      { origin: "https://x.internal", tokenOrigins: ["http://auth.internal"] },
      "tokenOrigins",
    ],
  ];
  for (const [what, overrides, key] of wrong) {
    it(`refuses ${what}, naming the key`, () => {
      try {
        resolveUpstream("x.example", overrides);
        expect.unreachable();
      } catch (error) {
        expect(isTidegateError(error, "CONFIGURATION") && error.details.key).toBe(key);
      }
    });
  }

  it("takes http for an insecure upstream, its token and its blob origins", () => {
    const upstream = resolveUpstream("x.internal", {
      origin: "http://x.internal",
      tokenOrigins: ["http://auth.internal"],
      insecure: true,
    });
    expect(upstream.tokenOrigins).toEqual(["http://auth.internal"]);
  });

  it("refuses a host that is none", () => {
    for (const host of ["", "a/b", "a b", "a@b", "a?b", "a#b", "a\\b", "[::1"]) {
      expect(() => resolveUpstream(host)).toThrow(/is no host/);
    }
  });

  it("shows no password that was written into an origin", () => {
    try {
      resolveUpstream("x.example", { origin: "https://me:canary@x.example" });
      expect.unreachable();
    } catch (error) {
      expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain("canary");
    }
  });
});
