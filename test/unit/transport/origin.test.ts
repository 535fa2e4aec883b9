import { describe, expect, it } from "vitest";
import type { TidegateEvent } from "../../../src/observability/mod.ts";
import { askOrigin, decideRealm } from "../../../src/transport/origin.ts";
import { resolveUpstream } from "../../../src/upstream/mod.ts";

const PINNED = "https://auth.example";
const INNER = "https://tokens.internal";
const upstream = resolveUpstream("registry.example", { tokenOrigins: [PINNED, INNER] });
const policy = { upstream, observer: undefined };

describe("decideRealm()", () => {
  it("a realm that the upstream named is judged as its own word", () => {
    expect(decideRealm(policy, `${PINNED}/token`).credentials).toBe(true);
    expect(decideRealm(policy, `${INNER}/token`).credentials).toBe(true);
    expect(decideRealm(policy, "https://other.example/token").credentials).toBe(false);
  });

  it("an endpoint may redirect within the listed origins, relative to itself, with credentials", () => {
    expect(decideRealm(policy, "/v3/token", `${PINNED}/token`)).toEqual({
      url: `${PINNED}/v3/token`,
      credentials: true,
    });
  });

  it("an endpoint that redirects elsewhere takes no credentials there", () => {
    expect(decideRealm(policy, "https://other.example/", `${PINNED}/token`).credentials).toBe(
      false,
    );
  });

  it("no public endpoint leads to a private one, though it is listed", () => {
    expect(() => decideRealm(policy, `${INNER}/token`, "https://other.example/token")).toThrow(
      expect.objectContaining({ code: "ORIGIN_NOT_TRUSTED" }),
    );
  });

  it.each(["https://evil.test\\@auth.example/", "\\\\evil.test\\x", "https://a:b@auth.example/"])(
    "a redirect to %s is judged as it was written",
    (location) => {
      expect(() => decideRealm(policy, location, `${PINNED}/token`)).toThrow(
        expect.objectContaining({ code: "INVALID_RESPONSE" }),
      );
    },
  );
});

describe("askOrigin()", () => {
  it("tells the observer what was refused, and nothing of what was not", () => {
    const events: TidegateEvent[] = [];
    const told = { upstream, observer: (event: TidegateEvent) => void events.push(event) };
    const from = `${upstream.origin}/v2/acme/app/tags/list`;
    expect(askOrigin(told, "link", from, "?last=b").url).toBe(`${from}?last=b`);
    expect(() => askOrigin(told, "link", from, "")).toThrow(/is empty/);
    expect(events).toEqual([]);
    const elsewhere = "https://elsewhere.example";
    expect(() => askOrigin(told, "link", from, `${elsewhere}/page`)).toThrow(
      expect.objectContaining({ code: "ORIGIN_NOT_TRUSTED" }),
    );
    expect(events).toEqual([
      expect.objectContaining({ type: "origin.refused", use: "link", target: elsewhere }),
    ]);
  });
});
