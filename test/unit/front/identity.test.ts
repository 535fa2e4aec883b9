import { describe, expect, it } from "vitest";
import { createHash } from "node:crypto";
import { identify } from "../../../src/front/identity.ts";
import type { AccessSettings } from "../../../src/settings/mod.ts";

const sha256 = (text: string) => Uint8Array.from(createHash("sha256").update(text).digest());
const access: AccessSettings = {
  anonymous: [{ upstream: "hub", repository: ["**"], actions: ["pull"] }],
  tokens: [
    { name: "ci", sha256: sha256("s3cret"), allow: [] },
    { name: "ops", sha256: sha256("p:w é"), allow: [] },
  ],
};
const basic = (pair: string) => `Basic ${Buffer.from(pair).toString("base64")}`;

describe("identify()", () => {
  it.each([
    ["no header", null, "anonymous"],
    ["Bearer", "Bearer s3cret", "ci"],
    ["bearer in lower case", "bearer s3cret", "ci"],
    ["Basic with any name", basic("whoever:s3cret"), "ci"],
    ["a password with colon, blank and accent", basic("x:p:w é"), "ops"],
    ["the empty Basic pair", basic(":"), "anonymous"],
    ["a wrong password", basic("ci:wrong"), undefined],
    ["a wrong token", "Bearer wrong", undefined],
    [
      "the digest as token",
      `Bearer ${createHash("sha256").update("s3cret").digest("hex")}`,
      undefined,
    ],
    ["an empty password with a name", basic("ci:"), undefined],
    ["no colon", basic("s3cret"), undefined],
    ["no base64", "Basic %%%", undefined],
    ["no UTF-8", `Basic ${Buffer.from([0xff, 0x3a, 0xff]).toString("base64")}`, undefined],
    ["an empty Bearer", "Bearer ", undefined],
    ["another scheme", "Digest s3cret", undefined],
    ["nothing but a scheme", "Bearer", undefined],
    ["an empty header", "", undefined],
    ["9 KiB", `Bearer ${"a".repeat(9 * 1024)}`, undefined],
  ])("%s", async (_, header, name) => {
    expect((await identify(header, access))?.name).toBe(name);
  });

  it("tells a caller that answered a challenge from one that was not asked", async () => {
    expect((await identify(null, access))?.hasAnswered).toBe(false);
    expect((await identify(basic(":"), access))?.hasAnswered).toBe(true);
  });
});
