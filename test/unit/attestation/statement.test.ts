import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readStatement, tryReadStatement } from "../../../src/attestation/mod.ts";
import { encodeUtf8, type Json } from "../../../src/core/mod.ts";
import { attempt } from "../../support/parser_checks.ts";

const IN_TOTO = "application/vnd.in-toto+json";

describe("readStatement()", () => {
  it("throws nothing untyped", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => {
      attempt(() => readStatement(value as Json));
      attempt(() => readStatement({ payload: JSON.stringify(value), payloadType: "x" }));
      attempt(() =>
        readStatement({ _type: "https://in-toto.io/Statement/v1", subject: value as Json })
      );
    }));
  });

  it("opens one envelope, and no envelope in an envelope", () => {
    const payloadType = IN_TOTO;
    const inner = { payload: btoa("{}"), payloadType };
    const outer = { payload: btoa(JSON.stringify(inner)), payloadType };
    for (const document of [inner, outer, { dsseEnvelope: outer }]) {
      expect(() => readStatement(document)).toThrow(
        expect.objectContaining({ code: "INVALID_RESPONSE" }),
      );
    }
  });

  const subject = [{ digest: { sha256: "a".repeat(64), md5: "b" } }, {}];
  const bare = { subject, predicateType: "x", predicate: { a: 1 } };

  it.each<[string, Json]>([
    ["bare", bare],
    ["in an envelope", { payloadType: IN_TOTO, payload: btoa(JSON.stringify(bare)) }],
    ["in a Sigstore bundle", {
      dsseEnvelope: { payloadType: IN_TOTO, payload: btoa(JSON.stringify(bare)) },
    }],
    ["in bytes", bare],
  ])("reads one %s", (form, document) => {
    const given = form === "in bytes" ? encodeUtf8(JSON.stringify(document)) : document;
    const digest = `sha256:${"a".repeat(64)}`;
    expect(readStatement(given)).toEqual({
      predicateType: "x",
      subjects: [digest],
      predicate: { a: 1 },
    });
  });

  it.each<[string, Json]>([
    ["another type", { ...bare, _type: "https://example.com/Statement/v1" }],
    ["no predicate type", { subject }],
    ["another payload", { payloadType: "text/plain", payload: btoa(JSON.stringify(bare)) }],
    ["no base64", { payloadType: IN_TOTO, payload: "***" }],
    ["no object", [bare]],
  ])("passes over %s", (_, document) => {
    expect(() => readStatement(document)).toThrow(
      expect.objectContaining({ code: "INVALID_RESPONSE" }),
    );
    expect(tryReadStatement(document)).toBeUndefined();
  });
});
