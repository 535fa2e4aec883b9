import { describe, expect, it } from "vitest";
import type { Credential } from "../../../src/auth/mod.ts";
import {
  githubCredentials,
  githubEnvironmentCredentials,
  refreshedCredentials,
} from "../../../src/ghcr/mod.ts";
import { resolveApi, resolveGhcr } from "../../../src/ghcr/github_hosts.ts";
import { resolveUpstream } from "../../../src/upstream/mod.ts";

const TOKEN = "ghp_canary0123456789";
const REGISTRY = resolveGhcr();
const API = resolveApi("https://api.github.com").upstream;

function secretOf(credential: Credential | undefined): string | undefined {
  if (credential === undefined) return undefined;
  return (credential.kind === "basic" ? credential.password : credential.token).reveal();
}

describe("githubCredentials()", () => {
  it("is for the registry and the API, and nobody else", async () => {
    const provider = githubCredentials({ username: "octocat", token: TOKEN });
    expect(await provider.get(REGISTRY)).toMatchObject({ kind: "basic", username: "octocat" });
    expect(await provider.get(API)).toMatchObject({ kind: "bearer" });
    for (const host of ["docker.io", "github.com", "api.github.com.evil.example", "ghcr.io:8443"]) {
      expect(await provider.get(resolveUpstream(host))).toBeUndefined();
    }
    expect(JSON.stringify(await provider.get(API))).not.toContain(TOKEN);
  });

  it("follows the registry to its own API", async () => {
    const registry = "containers.corp.ghe.com";
    const provider = githubCredentials({ token: TOKEN, registry });
    const { upstream } = resolveApi("https://api.corp.ghe.com");
    expect(secretOf(await provider.get(upstream))).toBe(TOKEN);
    expect(await provider.get(API)).toBeUndefined();
  });
});

describe("githubEnvironmentCredentials()", () => {
  it("reads the variables at each use", async () => {
    const variables: Record<string, string> = {};
    const provider = githubEnvironmentCredentials({ lookup: (name) => variables[name] });
    expect([await provider.get(REGISTRY), await provider.get(API)]).toEqual([undefined, undefined]);
    variables["GITHUB_TOKEN"] = TOKEN;
    expect(secretOf(await provider.get(API))).toBe(TOKEN);
    await expect(provider.get(REGISTRY)).rejects.toMatchObject({
      code: "CREDENTIALS",
      message: expect.stringContaining("GITHUB_ACTOR"),
    });
    variables["GITHUB_ACTOR"] = "octocat";
    expect(secretOf(await provider.get(REGISTRY))).toBe(TOKEN);
    expect(await provider.get(resolveUpstream("docker.io"))).toBeUndefined();
  });
});

describe("refreshedCredentials()", () => {
  it("keeps a token until it is invalidated", async () => {
    let count = 0;
    const provider = refreshedCredentials({
      fetchToken: () => Promise.resolve({ token: `token-${++count}` }),
    });
    await provider.get(API);
    expect(secretOf(await provider.get(REGISTRY))).toBe("token-1");
    await provider.invalidate?.(API);
    expect(secretOf(await provider.get(API))).toBe("token-2");
  });

  it("types a failure, and tells nothing of it", async () => {
    const provider = refreshedCredentials({ fetchToken: () => Promise.reject(new Error(TOKEN)) });
    const error = await provider.get(API).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "CREDENTIALS" });
    expect(error).not.toHaveProperty("cause");
    expect(String(error)).not.toContain(TOKEN);
  });
});
