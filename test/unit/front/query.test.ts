import { describe, expect, it } from "vitest";
import { forwardedQuery, isPageSize, nextLink } from "../../../src/front/query.ts";

describe("forwardedQuery()", () => {
  it("keeps everything but ns", () => {
    const query = new URLSearchParams("n=2&last=a%2Fb&next_page=gAAA&ns=docker.io");
    expect(forwardedQuery(query)?.toString()).toBe("n=2&last=a%2Fb&next_page=gAAA");
  });

  it.each(["n=1&n=2", `last=${"a".repeat(3000)}`, `${"k".repeat(65)}=1`])(
    "refuses %.20s",
    (query) => {
      expect(forwardedQuery(new URLSearchParams(query))).toBeUndefined();
    },
  );

  it("refuses more than 16 parameters", () => {
    const query = Array.from({ length: 17 }, (_, i) => `k${i}=1`).join("&");
    expect(forwardedQuery(new URLSearchParams(query))).toBeUndefined();
  });
});

describe("isPageSize()", () => {
  it.each(["-1", "1.5", "1e3", "", " 1", "٣", "10000000000000000000"])("refuses %j", (n) => {
    expect(isPageSize(n)).toBe(false);
  });
  it("takes digits, and none at all", () => {
    expect([isPageSize("0"), isPageSize("1000"), isPageSize(null)]).toEqual([true, true, true]);
  });
});

describe("nextLink()", () => {
  it("keeps the query alone of the upstream's URL, whatever its host and path", () => {
    const link = nextLink(
      "/v2/docker.io/a/tags/list",
      "https://u:p@evil.example/x?n=2&last=b",
      "docker.io",
    );
    expect(link).toBe('</v2/docker.io/a/tags/list?n=2&last=b&ns=docker.io>; rel="next"');
  });

  it("lets no character of the query out of the angle brackets", () => {
    const link = nextLink("/v2/a/tags/list", "https://a.b/?last=%3E%3B%0d%0a%22", undefined);
    expect(link).toBe('</v2/a/tags/list?last=%3E%3B%0D%0A%22>; rel="next"');
  });

  it.each(["a=1&a=2", `last=${"a".repeat(3000)}`])(
    "refuses to leave out a link to %.20s",
    (query) => {
      expect(() => nextLink("/v2/a/tags/list", `https://a.b/?${query}`, undefined))
        .toThrow(expect.objectContaining({ code: "INVALID_RESPONSE" }));
    },
  );
});
