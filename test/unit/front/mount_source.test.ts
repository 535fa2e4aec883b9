import { describe, expect, it } from "vitest";
import type { DoorRequest } from "../../../src/front/door_request.ts";
import { mountSource } from "../../../src/front/mount_source.ts";
import { selectUpstream } from "../../../src/front/routing.ts";
import { parseFrontDoorConfig } from "../../../src/settings/mod.ts";

const settings = parseFrontDoorConfig({
  upstreams: [
    { name: "a", origin: "https://a.test", default: true },
    { name: "b", origin: "https://b.test", prefix: "b" },
    { name: "hub", origin: "https://registry-1.docker.io", host: "hub.door.test" },
  ],
  access: {
    anonymous: ["*/public/**:pull", "a/secret/**:push", "hub/library/**:pull"],
  },
});

function source(from: string, name = "acme/app", host = "door.test"): string | undefined {
  const selection = selectUpstream(settings, { host, name, namespace: undefined });
  return mountSource({
    ...{ selection, services: { settings }, url: new URL(`https://${host}/`) },
    identity: { name: "x", isAnonymous: true, hasAnswered: true, allow: settings.access.anonymous },
  } as unknown as DoorRequest, from);
}

describe("mountSource()", () => {
  it("is the upstream's name of a repository that the caller may pull from", () => {
    expect(source("public/app")).toBe("public/app");
    expect(source("b/public/app", "b/acme/app")).toBe("public/app");
    expect(source("nginx", "library/app", "hub.door.test")).toBe("library/nginx");
  });

  it.each([
    ["nobody lets it pull", "acme/other"],
    ["it may only push", "secret/app"],
    ["it lies at another upstream", "b/public/app"],
    ["it is no name", "Public/app"],
    ["it climbs", "public/../secret/app"],
    ["it has an escape", "public%2fapp"],
    ["it is empty", ""],
    ["it has a query", "public/app?x"],
  ])("is nothing where %s", (_, from) => {
    expect(source(from)).toBeUndefined();
  });

  it("is nothing at the default upstream for a target under a prefix", () => {
    expect(source("public/app", "b/acme/app")).toBeUndefined();
  });
});
