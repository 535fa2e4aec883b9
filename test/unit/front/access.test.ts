import { describe, expect, it } from "vitest";
import { challengeScheme, isAllowed, mayPull, someoneMay } from "../../../src/front/access.ts";
import { endpointMethods } from "../../../src/front/endpoint_methods.ts";
import type { Identity } from "../../../src/front/identity.ts";
import { neededAction } from "../../../src/front/needed_action.ts";
import { selectUpstream } from "../../../src/front/routing.ts";
import { type AccessAction, parseFrontDoorConfig } from "../../../src/settings/mod.ts";

type Kind = Parameters<typeof neededAction>[1];
type Row = readonly [Kind, string, AccessAction, boolean];

/** Every endpoint with every method: the right it takes, and whether the endpoint has it. */
const TABLE: readonly Row[] = [
  ["manifest", "GET", "pull", true],
  ["manifest", "HEAD", "pull", true],
  ["manifest", "PUT", "push", true],
  ["manifest", "POST", "push", false],
  ["manifest", "PATCH", "push", false],
  ["manifest", "DELETE", "delete", true],
  ["blob", "GET", "pull", true],
  ["blob", "HEAD", "pull", true],
  ["blob", "PUT", "push", false],
  ["blob", "POST", "push", false],
  ["blob", "PATCH", "push", false],
  ["blob", "DELETE", "delete", true],
  ["tags", "GET", "pull", true],
  ["tags", "HEAD", "pull", true],
  ["tags", "PUT", "push", false],
  ["tags", "POST", "push", false],
  ["tags", "PATCH", "push", false],
  ["tags", "DELETE", "delete", false],
  ["referrers", "GET", "pull", true],
  ["referrers", "HEAD", "pull", true],
  ["referrers", "PUT", "push", false],
  ["referrers", "POST", "push", false],
  ["referrers", "PATCH", "push", false],
  ["referrers", "DELETE", "delete", false],
  ["uploads", "GET", "push", false],
  ["uploads", "HEAD", "push", false],
  ["uploads", "PUT", "push", false],
  ["uploads", "POST", "push", true],
  ["uploads", "PATCH", "push", false],
  ["uploads", "DELETE", "push", false],
  ["upload", "GET", "push", true],
  ["upload", "HEAD", "push", true],
  ["upload", "PUT", "push", true],
  ["upload", "POST", "push", false],
  ["upload", "PATCH", "push", true],
  ["upload", "DELETE", "push", true],
];

const settings = parseFrontDoorConfig({
  upstreams: [
    { name: "a", origin: "https://a.test", default: true },
    { name: "b", origin: "https://b.test", prefix: "b" },
  ],
  access: {
    anonymous: ["a/public/**:pull"],
    tokens: [{ name: "ci", sha256: "ab".repeat(32), allow: ["a/acme/**:push"] }],
  },
});
const allow = settings.access.tokens[0]?.allow ?? [];
const caller: Identity = { name: "ci", isAnonymous: false, hasAnswered: true, allow };

describe("neededAction() and endpointMethods()", () => {
  it.each(TABLE)("%s %s: %s, %s", (kind, method, action, exists) => {
    expect(neededAction(method, kind)).toBe(action);
    expect(endpointMethods(kind).includes(method)).toBe(exists);
  });

  it.each(["TRACE", "CONNECT", "PROPFIND", "get", "Delete", ""])(
    "take the method %j for a push that no endpoint has",
    (method) => {
      for (const kind of ["manifest", "blob", "tags", "referrers", "uploads", "upload"] as const) {
        expect(neededAction(method, kind)).toBe("push");
        expect(endpointMethods(kind)).not.toContain(method);
      }
    },
  );
});

describe("isAllowed()", () => {
  it("keeps the rights apart: who may push may not pull or delete by that", () => {
    const may = (action: AccessAction): boolean => isAllowed(caller, "a", "acme/app", action);
    expect([may("push"), may("pull"), may("delete")]).toEqual([true, false, false]);
  });

  it("keeps upstreams and repositories apart", () => {
    expect(isAllowed(caller, "b", "acme/app", "push")).toBe(false);
    expect(isAllowed(caller, "a", "acme", "push")).toBe(false);
    expect(isAllowed(caller, "a", "public/app", "push")).toBe(false);
  });
});

describe("mayPull()", () => {
  it("judges the repository that a name is routed to", () => {
    const anonymous = { ...caller, allow: settings.access.anonymous };
    const pulls = (name: string): boolean => {
      const selection = selectUpstream(settings, { host: "d.test", name, namespace: undefined });
      return selection !== undefined && mayPull(anonymous, selection);
    };
    expect(pulls("public/app")).toBe(true);
    expect(pulls("acme/app")).toBe(false);
    expect(pulls("b/public/app")).toBe(false);
  });
});

describe("someoneMay()", () => {
  it("looks at every rule of every caller", () => {
    const { access } = settings;
    const may = (action: AccessAction): boolean => someoneMay(access, action);
    expect([may("pull"), may("push"), may("delete")]).toEqual([true, true, false]);
    expect(challengeScheme(access)).toBe("bearer");
    expect(someoneMay({ anonymous: [], tokens: [] }, "pull")).toBe(false);
  });
});
