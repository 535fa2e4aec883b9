import { describe, expect, it } from "vitest";
import {
  anonymousCredentials,
  basicCredential,
  environmentCredentials,
  firstCredentials,
  processEnvironment,
  staticCredentials,
} from "../../../src/auth/mod.ts";
import { isTidegateError, type Upstream } from "../../../src/core/mod.ts";
import { resolveUpstream } from "../../../src/upstream/mod.ts";

const hub = resolveUpstream("docker.io");
const ghcr = resolveUpstream("ghcr.io");
const local = resolveUpstream("localhost:5000");

describe("basicCredential()", () => {
  it("refuses what Basic cannot carry", () => {
    for (const name of ["a:b", "a\n", "\u0000", "a\u007f"]) {
      expect(() => basicCredential(name, "x")).toThrow(TypeError);
    }
    expect(() => basicCredential("a", "")).toThrow(TypeError);
    expect(basicCredential("", "x")).toMatchObject({ kind: "basic" });
  });
});

describe("staticCredentials()", () => {
  it("gives a credential to its own origin alone", async () => {
    const mine = basicCredential("me", "x");
    const found = async (line: string, upstream: Upstream): Promise<boolean> =>
      await staticCredentials({ [line]: mine }).get(upstream) === mine;
    expect(await found("docker.io", hub)).toBe(true);
    expect(await found("https://registry-1.docker.io", hub)).toBe(true);
    expect(await found("http://registry-1.docker.io", hub)).toBe(false);
    expect(await found("ghcr.io", ghcr)).toBe(true);
    expect(await found("GHCR.io", ghcr)).toBe(true);
    expect(await found("ghcr.io:8443", ghcr)).toBe(false);
    expect(await found("ghcr.io", hub)).toBe(false);
    expect(await found("docker.io", ghcr)).toBe(false);
    expect(await found("localhost:5000", local)).toBe(true);
    expect(await found("https://localhost:5000", local)).toBe(false);
    expect(await found("http://localhost:5000", local)).toBe(true);
    expect(await found("localhost", local)).toBe(false);
    expect(await found("127.0.0.1:5000", local)).toBe(false);
  });
});

describe("environmentCredentials()", () => {
  const from = (
    env: Readonly<Record<string, string>>,
    upstream: Upstream = hub,
  ): Promise<unknown> =>
    environmentCredentials({
      registry: "docker.io",
      lookup: (name) => env[name],
      username: ["DOCKER_HUB_USERNAME"],
      password: ["DOCKER_HUB_ACCESS_TOKEN", "DOCKER_HUB_PASSWORD"],
    }).get(upstream).then((credential) =>
      credential?.kind === "basic"
        ? `${credential.username}:${credential.password.reveal()}`
        : credential
    );
  const full = {
    DOCKER_HUB_USERNAME: "me",
    DOCKER_HUB_ACCESS_TOKEN: "pat",
    DOCKER_HUB_PASSWORD: "pw",
  };

  it("takes the first of the names that is set", async () => {
    expect(await from(full)).toBe("me:pat");
    expect(await from({ ...full, DOCKER_HUB_ACCESS_TOKEN: "" })).toBe("me:pw");
  });

  it("is bound to its registry", async () => {
    expect(await from(full, ghcr)).toBeUndefined();
    expect(await from(full, local)).toBeUndefined();
  });

  it("nothing set is nobody; half set is an error that names the variables", async () => {
    expect(await from({})).toBeUndefined();
    const halves = [{ DOCKER_HUB_USERNAME: "canary" }, { DOCKER_HUB_PASSWORD: "canary" }, {
      DOCKER_HUB_USERNAME: "canary:x",
      DOCKER_HUB_PASSWORD: "canary",
    }];
    for (const half of halves) {
      const error = await from(half as Record<string, string>).catch((caught: unknown) => caught);
      expect(isTidegateError(error, "CREDENTIALS")).toBe(true);
      expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain("canary");
    }
  });

  it("has defaults for the names", async () => {
    const env: Record<string, string> = { REGISTRY_USERNAME: "me", REGISTRY_PASSWORD: "pw" };
    const provider = environmentCredentials({
      registry: "localhost:5000",
      lookup: (name) => env[name],
    });
    expect(await provider.get(local)).toMatchObject({ username: "me" });
  });

  it("processEnvironment() looks into this process", () => {
    expect(processEnvironment("PATH")).toBe(process.env["PATH"]);
    expect(processEnvironment("surely not set")).toBeUndefined();
  });
});

describe("firstCredentials()", () => {
  it("asks in order, and a failure ends it", async () => {
    const mine = basicCredential("me", "x");
    const one = staticCredentials({ "ghcr.io": mine }, "one");
    const two = staticCredentials(
      { "docker.io": mine, "ghcr.io": basicCredential("b", "y") },
      "two",
    );
    const both = firstCredentials(one, anonymousCredentials, two);
    expect(both.id).toBe("one+anonymous+two");
    expect(await both.get(ghcr)).toBe(mine);
    expect(await both.get(hub)).toBe(mine);
    expect(await both.get(local)).toBeUndefined();
    const broken = { id: "broken", get: () => Promise.reject(new Error("no")) };
    await expect(firstCredentials(broken, two).get(hub)).rejects.toThrow("no");
  });

  it("invalidates all", async () => {
    const told: string[] = [];
    const provider = (id: string): typeof anonymousCredentials => ({
      ...anonymousCredentials,
      id,
      invalidate: () => void told.push(id),
    });
    await firstCredentials(provider("a"), anonymousCredentials, provider("b")).invalidate?.(hub);
    expect(told).toEqual(["a", "b"]);
  });
});
