import { describe, expect, it } from "vitest";
import { isTidegateError } from "../../../src/core/mod.ts";
import { parseFrontDoorConfig } from "../../../src/settings/mod.ts";

const UPSTREAMS = [{ name: "hub", origin: "https://registry-1.docker.io", default: true }];
const HOOK = { secret: "HUB_HOOK" };

const parse = (webhooks: unknown): ReturnType<typeof parseFrontDoorConfig> =>
  parseFrontDoorConfig({ upstreams: UPSTREAMS, webhooks });

describe("webhooks in parseFrontDoorConfig()", () => {
  it("are absent by default", () => {
    expect(parseFrontDoorConfig({}).webhooks).toBeUndefined();
  });

  it("are filled in, and frozen", () => {
    const { webhooks } = parse({ dockerHub: { secret: HOOK, upstream: "hub" } });
    expect(webhooks).toEqual({
      ...{ path: "/hooks", events: undefined, perMinute: 600, github: undefined },
      dockerHub: { upstream: "hub", secrets: [HOOK], callbackOrigins: [] },
    });
    expect(Object.isFrozen(webhooks?.dockerHub?.secrets)).toBe(true);
  });

  it("are read whole", () => {
    const secrets = [{ secret: "GH_NEW" }, { secret: "GH_OLD" }];
    const { webhooks } = parse({
      ...{ path: "/in/hooks", events: "queue", perMinute: 60 },
      dockerHub: {
        ...{ secrets: [HOOK], upstream: "hub" },
        callbackOrigins: ["https://registry.hub.docker.com"],
      },
      github: { secrets, upstream: "hub" },
    });
    expect(webhooks).toMatchObject({
      ...{ path: "/in/hooks", events: "queue", perMinute: 60, github: { secrets } },
      dockerHub: { callbackOrigins: ["https://registry.hub.docker.com"] },
    });
  });

  it.each<[string, unknown, string]>([
    ["an unknown key", { gitlab: {} }, "webhooks.gitlab"],
    ["an unknown key inside", { github: { upstream: "hub", token: 1 } }, "webhooks.github.token"],
    ["a path in the registry API", { path: "/v2/hooks" }, "webhooks.path"],
    ["the registry API as path", { path: "/v2" }, "webhooks.path"],
    ["no path", { path: "/" }, "webhooks.path"],
    ["a pattern as path", { path: "/:x/*" }, "webhooks.path"],
    ["a slash at the path's end", { path: "/hooks/" }, "webhooks.path"],
    ["other events", { events: "kafka" }, "webhooks.events"],
    ["no rate", { perMinute: 0 }, "webhooks.perMinute"],
    ["no secret", { github: { upstream: "hub" } }, "webhooks.github.secrets"],
    ["no secrets", { github: { upstream: "hub", secrets: [] } }, "webhooks.github.secrets"],
    [
      "a secret twice over",
      { dockerHub: { upstream: "hub", secret: HOOK, secrets: [HOOK] } },
      "webhooks.dockerHub.secrets",
    ],
    [
      "a secret in the file",
      { dockerHub: { upstream: "hub", secret: "canary-secret" } },
      "webhooks.dockerHub.secret",
    ],
    ["no upstream", { github: { secret: HOOK } }, "webhooks.github.upstream"],
    [
      "an upstream that there is not",
      { github: { secret: HOOK, upstream: "ghcr" } },
      "webhooks.github.upstream",
    ],
    [
      "callbacks to anybody",
      { dockerHub: { secret: HOOK, upstream: "hub", callbackOrigins: ["*"] } },
      "webhooks.dockerHub.callbackOrigins[0]",
    ],
    [
      "callbacks over http",
      { dockerHub: { secret: HOOK, upstream: "hub", callbackOrigins: ["http://a.test"] } },
      "webhooks.dockerHub.callbackOrigins[0]",
    ],
  ])("refuse %s, naming the key and no value", (_name, webhooks, key) => {
    try {
      parse(webhooks);
      expect.unreachable();
    } catch (error) {
      if (!isTidegateError(error, "CONFIGURATION")) throw error;
      expect(error.details.key).toBe(key);
      expect(error.message).not.toContain("canary");
    }
  });
});
