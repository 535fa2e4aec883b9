import { describe, expect, it } from "vitest";
import { encodeUtf8, isTidegateError, type Json } from "../../../src/core/mod.ts";
import { githubPackagePayload, hubWebhook } from "../../../src/simulation/mod.ts";
import { readGithubNotice, readHubNotice } from "../../../src/webhook/mod.ts";
import { parsePayload, payloadForm } from "../../../src/webhook/payload.ts";
import { attempt, expectFast, mebibyteOf } from "../../support/parser_checks.ts";
import { DIGEST, PACKAGE } from "../../support/webhooks.ts";

const hubJson = (push: Parameters<typeof hubWebhook>[0]): Json =>
  parsePayload("docker-hub", hubWebhook(push).body, "json");

const githubJson = (
  change: Parameters<typeof githubPackagePayload>[0] | Record<string, unknown>,
): Json => githubPackagePayload({ ...PACKAGE, ...change }) as unknown as Json;

describe("readHubNotice()", () => {
  it("reads repository, tag, pusher and time", () => {
    expect(hubJson({ repository: "acme/app", tag: "v1", pushedAt: 1_417_566_822.5 })).toBeDefined();
    expect(readHubNotice(hubJson({ repository: "acme/app", tag: "v1", pushedAt: 1.5 }))).toEqual({
      ...{ kind: "push", repository: "acme/app", tag: "v1", pusher: "robot", timestamp: 1500 },
      callbackUrl: "https://registry.hub.docker.com/u/acme/app/hook/1/",
    });
  });

  it("takes namespace and name where there is no full name", () => {
    const json = {
      push_data: { pushed_at: 1, tag: "v1" },
      repository: { namespace: "acme", name: "app" },
    };
    expect(readHubNotice(json)).toMatchObject({ repository: "acme/app", pusher: undefined });
  });

  it("escapes what a login must not have", () => {
    const { pusher } = readHubNotice(hubJson({ repository: "a/b", pusher: "x\n\u202ey" }));
    expect(pusher).toBe("x\\u{a}\\u{202e}y");
  });

  it.each<[string, Json]>([
    ["nothing", {}],
    ["a list", []],
    ["no tag", { push_data: { pushed_at: 1 }, repository: { repo_name: "a/b" } }],
    ["a digest for a tag", hubJson({ repository: "a/b", tag: DIGEST })],
    ["a path for a tag", hubJson({ repository: "a/b", tag: "../x" })],
    ["a URL for a name", hubJson({ repository: "https://evil.test/a" })],
    ["dots in a name", hubJson({ repository: "a/../../b" })],
    ["a time before 1970", hubJson({ repository: "a/b", pushedAt: -1 })],
    ["a time after all time", hubJson({ repository: "a/b", pushedAt: 1e15 })],
    ["a time in words", {
      push_data: { pushed_at: "now", tag: "t" },
      repository: { repo_name: "a/b" },
    }],
    ["a name from the prototype", { push_data: { pushed_at: 1, tag: "t" }, repository: "x" }],
  ])("refuses %s", (_name, json) => {
    expect(() => readHubNotice(json)).toThrow(expect.objectContaining({ code: "INVALID_WEBHOOK" }));
  });
});

describe("readGithubNotice()", () => {
  it("reads repository in lower case, tag, digest, sender and time", () => {
    expect(readGithubNotice("package", githubJson({}))).toEqual({
      ...{ kind: "push", repository: "acme/app", tag: "v1", digest: DIGEST, hasMoreTags: true },
      ...{ pusher: "octocat", timestamp: Date.UTC(2026, 0, 1) },
    });
  });

  it("takes names with slashes, and versions without tags", () => {
    const notice = readGithubNotice("package", githubJson({ name: "group/app", tag: "" }));
    expect(notice).toMatchObject({ repository: "acme/group/app", tag: undefined, digest: DIGEST });
  });

  it("takes owner and name where there is no address", () => {
    const item = {
      ...{ name: "app", namespace: "acme", package_type: "container" },
      package_version: { version: DIGEST },
    };
    const json = { action: "updated", registry_package: item };
    expect(readGithubNotice("registry_package", json)).toMatchObject({ repository: "acme/app" });
  });

  it("takes the tag of the address where there is no other", () => {
    const item = {
      package_type: "CONTAINER",
      package_version: { package_url: "ghcr.io/acme/app:v7" },
    };
    const json = { action: "published", package: item };
    expect(readGithubNotice("package", json)).toMatchObject({ tag: "v7", digest: undefined });
  });

  it.each<[string, string, Json]>([
    ["another event", "push", githubJson({})],
    ["another event's payload", "registry_package", githubJson({})],
    ["another action", "package", githubJson({ action: "renamed" })],
    ["another kind of package", "package", githubJson({ type: "npm" })],
    ["the old registry's", "package", githubJson({ type: "docker" })],
    ["nothing", "package", {}],
    ["null", "package", null],
  ])("ignores %s", (_name, event, json) => {
    expect(readGithubNotice(event, json)).toBeUndefined();
  });

  it.each<[string, Json]>([
    ["dots in a name", githubJson({ name: "../../x" })],
    ["no name", githubJson({ owner: "", name: "" })],
    ["a path for a tag", githubJson({ tag: "a/b" })],
    ["neither tag nor digest", githubJson({ tag: "", digest: "sha256:short" })],
  ])("refuses %s", (_name, json) => {
    const refused = expect.objectContaining({ code: "INVALID_WEBHOOK" });
    expect(() => readGithubNotice("package", json)).toThrow(refused);
  });

  it("has no time for the year 1", () => {
    const notice = readGithubNotice("package", githubJson({ updatedAt: "0001-01-01T00:00:00Z" }));
    expect(notice?.timestamp).toBeUndefined();
  });
});

describe("parsePayload()", () => {
  it.each([
    ["application/json", "json"],
    ["application/json; charset=utf-8", "json"],
    ["Application/JSON", "json"],
    ["application/x-www-form-urlencoded", "form"],
    ["text/plain", undefined],
    ["application/json, text/html", undefined],
    ["", undefined],
    [null, undefined],
  ])("tells the form of %j", (contentType, form) => {
    expect(payloadForm(contentType)).toBe(form);
  });

  it("reads forms with one payload", () => {
    const read = (text: string): Json => parsePayload("github", encodeUtf8(text), "form");
    expect(read("payload=%7B%22a%22%3A1%7D&x=y")).toEqual({ a: 1 });
    for (const text of ["", "x=y", "payload=1&payload=2", "payload=%7B", "payload=%ff%00"]) {
      expect(() => read(text)).toThrow(expect.objectContaining({ code: "INVALID_WEBHOOK" }));
    }
  });

  it("quotes nothing of what it refuses", () => {
    const secret = "canary-7f3a";
    try {
      parsePayload("github", encodeUtf8(`{"a": ${secret}`), "json");
    } catch (error) {
      expect(isTidegateError(error, "INVALID_WEBHOOK")).toBe(true);
      expect(`${error} ${JSON.stringify(error)}`).not.toContain(secret);
    }
  });

  it.each(['{"a":', "[", '"', "payload=", "payload=%5B", "%5B%5B", '{"package":{"x":', "a&"])(
    "takes 1 MiB of %j in under 50 ms",
    (pattern) => {
      const bytes = encodeUtf8(mebibyteOf(pattern));
      for (const form of ["json", "form"] as const) {
        expectFast(() => attempt(() => parsePayload("github", bytes, form)));
      }
    },
  );

  it.each(["a/", "a:", "a", "@", "/", ":/"])("reads names of 1 MiB of %j fast", (pattern) => {
    const url = mebibyteOf(pattern);
    const item = { package_type: "container", package_version: { package_url: url } };
    const json = { action: "published", package: item };
    expectFast(() => readGithubNotice("package", json));
    expectFast(() => readHubNotice({ repository: { repo_name: url }, push_data: { tag: url } }));
  });
});
