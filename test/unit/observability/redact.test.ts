import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redactHeaders, redactUrl } from "../../../src/observability/mod.ts";
import { expectFast, mebibyteOf } from "../../support/parser_checks.ts";

describe("redactUrl()", () => {
  const TABLE: Readonly<Record<string, string>> = {
    "https://a.test/v2/x/blobs/sha256:1": "https://a.test/v2/x/blobs/sha256:1",
    "https://a.test:8443/x?n=5&last=v1": "https://a.test:8443/x?n=5&last=v1",
    "https://a.test/x?n=5&X-Amz-Signature=canary&Expires=1": "https://a.test/x?n=5&[hidden]",
    "https://a.test/x?canary": "https://a.test/x?[hidden]",
    "https://a.test/x?N=canary": "https://a.test/x?[hidden]",
    "https://canary:canary@a.test/x#canary": "https://a.test/x",
    "https://a.test/t?service=s&scope=repository:a/b:pull":
      "https://a.test/t?service=s&scope=repository:a/b:pull",
    "file:///canary": "file:[hidden]",
    "data:text/plain,canary": "data:[hidden]",
    "/relative?canary": "[no URL]",
    "canary": "[no URL]",
  };
  for (const [url, expected] of Object.entries(TABLE)) {
    it(`shows ${url} as ${expected}`, () => expect(redactUrl(url)).toBe(expected));
  }

  it("never shows a query value that is not listed, nor a user or fragment", () => {
    const secret = fc.stringMatching(/^[a-z0-9]{12}$/).map((text) => `canary${text}`);
    const key = fc.string({ minLength: 1 }).filter((k) => !/^(n|last|ns|page|scope|from)$/.test(k));
    fc.assert(fc.property(fc.webUrl(), key, secret, (base, name, value) => {
      const url = new URL(base);
      url.searchParams.append(name, value);
      url.searchParams.append(value, "");
      url.username = value;
      url.password = value;
      url.hash = value;
      expect(redactUrl(url)).not.toContain(value);
    }));
  });

  it("is short and fast", () => {
    expect(redactUrl(`https://a.test/${"x".repeat(9999)}`).length).toBeLessThan(600);
    for (const pattern of ["https://a/", "?a&", "%", "a"]) {
      expectFast(() => redactUrl(mebibyteOf(pattern).slice(0, 64 * 1024)));
    }
  });
});

describe("redactHeaders()", () => {
  it("shows values by an allow-list, names in lower case", () => {
    const shown = redactHeaders({
      Authorization: "Bearer canary",
      "Set-Cookie": "canary",
      "X-Registry-Auth": "canary",
      "WWW-Authenticate": 'Bearer realm="https://a/?canary"',
      Location: "https://a.test/u?_state=canary",
      "Content-Type": "application/json",
    });
    expect(shown).toEqual({
      "authorization": "[hidden]",
      "set-cookie": "[hidden]",
      "x-registry-auth": "[hidden]",
      "www-authenticate": "[hidden]",
      "location": "https://a.test/u?[hidden]",
      "content-type": "application/json",
    });
    expect(redactHeaders(new Headers({ "retry-after": "5" }))).toEqual({ "retry-after": "5" });
  });
});
