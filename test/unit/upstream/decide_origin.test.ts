import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isTidegateError, type OriginUse, type Upstream } from "../../../src/core/mod.ts";
import { decideOrigin, isPublicOrigin, resolveUpstream } from "../../../src/upstream/mod.ts";
import { expectFast, mebibyteOf } from "../../support/parser_checks.ts";
import { OWN_ORIGIN, URL_FORMS } from "../../support/url_forms.ts";

const upstream = resolveUpstream("registry.example");
const FROM = `${OWN_ORIGIN}/v2/`;
const USES: readonly OriginUse[] = ["realm", "redirect", "location", "link", "foreign-layer"];

interface Outcome {
  readonly code?: string;
  readonly url?: string;
  readonly credentials?: boolean;
  readonly allow?: string;
}

function judge(use: OriginUse, target: string, from = FROM, of: Upstream = upstream): Outcome {
  try {
    return decideOrigin({ use, upstream: of, from, target });
  } catch (error) {
    if (isTidegateError(error, "ORIGIN_NOT_TRUSTED")) {
      return { code: error.code, allow: error.details.allow };
    }
    if (isTidegateError(error)) return { code: error.code };
    throw error;
  }
}

describe("decideOrigin()", () => {
  it("has at least 100 URL forms to judge", () => {
    expect(new Set(URL_FORMS.map(({ url }) => url)).size).toBeGreaterThanOrEqual(100);
  });

  for (const { url, means } of URL_FORMS) {
    it(`judges ${means}: ${JSON.stringify(url).slice(0, 80)}`, () => {
      for (const use of USES) {
        const { code, url: used, credentials } = judge(use, url);
        const isOpen = use === "realm" || use === "redirect" || use === "foreign-layer";
        if (means === "broken") expect(code).toBe("INVALID_RESPONSE");
        else if (means === "refused" || (means === "public" && !isOpen)) {
          expect(code).toBe("ORIGIN_NOT_TRUSTED");
        } else {
          expect(code).toBeUndefined();
          expect(credentials).toBe(means === "own" && use !== "foreign-layer");
          expect(new URL(used ?? "").origin === OWN_ORIGIN).toBe(means === "own");
        }
      }
    });
  }

  it("gives a realm the credentials only where its exact origin is configured", () => {
    const bound = resolveUpstream("registry.example", { tokenOrigins: ["https://auth.example"] });
    const credentials = (target: string): boolean | undefined =>
      judge("realm", target, FROM, bound).credentials;
    expect(credentials("https://auth.example/token")).toBe(true);
    expect(credentials("https://auth.example:443/token")).toBe(true);
    for (
      const other of [
        "https://auth.example:8443/token",
        "https://auth.example./token",
        "https://a.auth.example/token",
        "https://example.test/token",
        "https://auth.example.evil.test/token",
      ]
    ) expect(credentials(other)).toBe(false);
    expect(judge("realm", "http://auth.example/token", FROM, bound).code).toBe(
      "ORIGIN_NOT_TRUSTED",
    );
  });

  it("gives no credentials to what another origin than the upstream named", () => {
    const hub = resolveUpstream("docker.io");
    const cdn = "https://cdn.example/blob";
    expect(judge("realm", "https://auth.docker.io/token", cdn, hub).credentials).toBe(false);
    expect(judge("redirect", "https://registry-1.docker.io/v2/", cdn, hub).credentials).toBe(false);
    expect(judge("location", "/v2/", cdn, hub).code).toBe("ORIGIN_NOT_TRUSTED");
  });

  it("never lets a public origin lead to one that is not, listed or own", () => {
    const local = resolveUpstream("localhost:5000", {
      tokenOrigins: ["http://127.0.0.1:5001"],
      blobOrigins: ["*", "http://127.0.0.1:9000"],
    });
    const cdn = "https://cdn.example/blob";
    for (const target of ["http://localhost:5000/x", "http://127.0.0.1:9000/x"]) {
      expect(judge("redirect", target, cdn, local).code).toBe("ORIGIN_NOT_TRUSTED");
    }
    expect(judge("realm", "http://127.0.0.1:5001/token", cdn, local).code)
      .toBe("ORIGIN_NOT_TRUSTED");
  });

  it("lets a loopback upstream use its own origin and what is listed, nothing beside", () => {
    const local = resolveUpstream("localhost:5000", {
      tokenOrigins: ["http://127.0.0.1:5001"],
      blobOrigins: ["http://127.0.0.1:9000"],
    });
    const from = "http://localhost:5000/v2/";
    expect(judge("redirect", "/v2/x", from, local).credentials).toBe(true);
    expect(judge("realm", "http://localhost:5000/token", from, local).credentials).toBe(true);
    expect(judge("realm", "http://127.0.0.1:5001/token", from, local).credentials).toBe(true);
    expect(judge("redirect", "http://127.0.0.1:9000/b", from, local).credentials).toBe(false);
    for (const other of ["http://127.0.0.1:5000/", "http://localhost:5001/", "http://10.0.0.1/"]) {
      expect(judge("redirect", other, from, local).code).toBe("ORIGIN_NOT_TRUSTED");
      expect(judge("realm", other, from, local).code).toBe("ORIGIN_NOT_TRUSTED");
    }
  });

  it("lets a public upstream use a private origin only if it is listed, and only over https", () => {
    const split = resolveUpstream("registry.example", {
      tokenOrigins: ["https://auth.internal"],
      blobOrigins: ["https://10.0.0.5:9000"],
    });
    expect(judge("realm", "https://auth.internal/token", FROM, split).credentials).toBe(true);
    expect(judge("redirect", "https://10.0.0.5:9000/b", FROM, split).credentials).toBe(false);
    const byHand = { ...split, blobOrigins: ["http://10.0.0.5:9000"] };
    expect(judge("redirect", "http://10.0.0.5:9000/b", FROM, byHand).code)
      .toBe("ORIGIN_NOT_TRUSTED");
  });

  it("keeps plain http on a private network to insecure upstreams", () => {
    const byHand = (insecure: boolean): Upstream => ({
      ...resolveUpstream("registry.internal"),
      blobOrigins: ["http://10.0.0.5:9000"],
      insecure,
    });
    const from = "https://registry.internal/v2/";
    expect(judge("redirect", "http://10.0.0.5:9000/b", from, byHand(false)).code)
      .toBe("ORIGIN_NOT_TRUSTED");
    expect(judge("redirect", "http://10.0.0.5:9000/b", from, byHand(true)).credentials).toBe(false);
  });

  it("keeps blobs where blobOrigins says, and uploads where uploadOrigins says", () => {
    const closed = resolveUpstream("registry.example", {
      blobOrigins: ["https://cdn.example"],
      uploadOrigins: ["https://upload.example"],
    });
    expect(judge("redirect", "https://cdn.example/b", FROM, closed).credentials).toBe(false);
    expect(judge("redirect", "https://other.example/b", FROM, closed).code)
      .toBe("ORIGIN_NOT_TRUSTED");
    expect(judge("location", "https://upload.example/u", FROM, closed).credentials).toBe(false);
    expect(judge("location", "https://other.example/u", FROM, closed).code)
      .toBe("ORIGIN_NOT_TRUSTED");
  });

  it("names the line that would allow it", () => {
    expect(judge("location", "https://up.test/u?secret").allow)
      .toBe('"uploadOrigins": ["https://up.test"] in upstream "registry.example"');
    expect(judge("realm", "http://10.0.0.1/t").allow)
      .toBe('"tokenOrigins": ["http://10.0.0.1"] in upstream "registry.example"');
    expect(judge("link", "https://up.test/u").allow).toMatch(/^nothing: /);
  });

  it("shows no query and no password of a target in its errors", () => {
    const targets = [
      "http://10.0.0.1/t?sig=canary-1",
      "https://canary-2:canary-3@evil.test/",
      `https://a.test/${"x".repeat(20_000)}?canary-4`,
      "https://u:canary-5@[::1/#canary-6",
      "file:///canary-7?canary-8",
    ];
    for (const target of targets) {
      try {
        decideOrigin({ use: "redirect", upstream, from: FROM, target });
        expect.unreachable();
      } catch (error) {
        expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain("canary");
      }
    }
  });

  it("decides for any text without an untyped throw, and never with credentials elsewhere", () => {
    const anyUrl = fc.oneof(
      fc.webUrl(),
      fc.string({ unit: "binary" }),
      fc.webUrl().map((u) => ` ${u}`),
    );
    fc.assert(fc.property(fc.constantFrom(...USES), anyUrl, (use, target) => {
      const { url, credentials } = judge(use, target);
      if (credentials) expect(new URL(url ?? "").origin).toBe(OWN_ORIGIN);
      if (url !== undefined) expect(isPublicOrigin(url)).toBe(true);
    }));
  });

  it("takes a mebibyte of anything in no time", () => {
    for (const pattern of ["https://a.test/", "[", "@", "%", "a.", "\\"]) {
      expectFast(() => judge("redirect", mebibyteOf(pattern)));
    }
  });
});
