import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseGhcrReference, tryParseGhcrReference } from "../../../src/ghcr/mod.ts";
import { formatReference } from "../../../src/reference/mod.ts";
import { attempt, expectFast, mebibyteOf } from "../../support/parser_checks.ts";

const DIGEST = `sha256:${"abcd1234".repeat(8)}`;

describe("parseGhcrReference()", () => {
  it.each([
    ["owner/repo", "ghcr.io/owner/repo:latest"],
    ["owner/repo:v1.0.0", "ghcr.io/owner/repo:v1.0.0"],
    ["ghcr.io/owner/repo:v1.0.0", "ghcr.io/owner/repo:v1.0.0"],
    ["GHCR.IO/owner/repo", "ghcr.io/owner/repo:latest"],
    ["owner/a/b", "ghcr.io/owner/a/b:latest"],
    [`ghcr.io/owner/repo@${DIGEST}`, `ghcr.io/owner/repo@${DIGEST}`],
    ["containers.corp.ghe.com/owner/repo:1", "containers.corp.ghe.com/owner/repo:1"],
    ["localhost:5000/owner/repo", "localhost:5000/owner/repo:latest"],
  ])("reads %s", (text, full) => {
    expect(formatReference(parseGhcrReference(text))).toBe(full);
  });

  it("takes another registry as the default", () => {
    expect(parseGhcrReference("a/b", "containers.corp.ghe.com").registry).toBe(
      "containers.corp.ghe.com",
    );
  });

  it.each([
    ["", "INVALID_IMAGE_REFERENCE", "must not be empty"],
    ["repo", "INVALID_IMAGE_REFERENCE", "owner/name"],
    ["ghcr.io/repo", "INVALID_IMAGE_REFERENCE", "owner/name"],
    ["ghcr.io", "INVALID_IMAGE_REFERENCE", "owner/name"],
    ["ghcr.io/", "INVALID_IMAGE_REFERENCE", ""],
    ["owner/repo:", "INVALID_TAG", ""],
    ["owner/repo:a b", "INVALID_TAG", ""],
    ["owner/repo@", "INVALID_DIGEST", ""],
    ["UPPERCASE/repo", "INVALID_NAME", '"uppercase/repo"'],
    ["ghcr.io/owner/Repo:v1", "INVALID_NAME", '"owner/repo"'],
  ])("refuses %j with %s", (text, code, words) => {
    expect(() => parseGhcrReference(text)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(words) }),
    );
    expect(tryParseGhcrReference(text)).toBeUndefined();
  });

  it("undoes formatReference, and throws nothing untyped", () => {
    fc.assert(fc.property(fc.string(), (text) => {
      const reference = attempt(() => parseGhcrReference(text));
      if (reference === undefined) return;
      expect(parseGhcrReference(formatReference(reference))).toEqual(reference);
      expect(reference.repository).toContain("/");
    }));
    const name = fc.stringMatching(/^[a-z0-9]{1,8}$/);
    fc.assert(fc.property(name, name, fc.stringMatching(/^\w[\w.-]{0,20}$/), (owner, app, tag) => {
      const reference = parseGhcrReference(`${owner}/${app}:${tag}`);
      expect(reference).toEqual({ registry: "ghcr.io", repository: `${owner}/${app}`, tag });
    }));
  });

  it("is fast on a mebibyte", () => {
    for (const pattern of ["a/", "a/b:", "[", "@sha256:"]) {
      const text = mebibyteOf(pattern);
      expectFast(() => parseGhcrReference(text));
    }
  });
});
