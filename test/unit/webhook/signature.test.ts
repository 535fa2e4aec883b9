import { describe, expect, it } from "vitest";
import { encodeUtf8, Secret } from "../../../src/core/mod.ts";
import { signGithub } from "../../../src/simulation/mod.ts";
import { createSignatureVerifier } from "../../../src/webhook/mod.ts";

/** Published by GitHub: "Validating webhook deliveries", "Testing the webhook payload validation". */
const PUBLISHED = {
  secret: "It's a Secret to Everybody",
  payload: encodeUtf8("Hello, World!"),
  header: "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
};

/** RFC 4231 section 4.7, test case 6: a key longer than a block. */
const RFC_4231 = {
  secret: new Uint8Array(131).fill(0xaa),
  payload: encodeUtf8("Test Using Larger Than Block-Size Key - Hash Key First"),
  header: "sha256=60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
};

describe("createSignatureVerifier()", () => {
  it.each([PUBLISHED, RFC_4231])("agrees with what is published: $header", async (vector) => {
    const { verify } = createSignatureVerifier([new Secret(vector.secret)]);
    expect(await verify(vector.payload, vector.header)).toBe(true);
    expect(await verify(vector.payload.slice(1), vector.header)).toBe(false);
    expect(await verify(vector.payload, vector.header.replace(/.$/, "0"))).toBe(false);
  });

  it("agrees with the simulation's signer", async () => {
    expect(await signGithub(PUBLISHED.secret, PUBLISHED.payload)).toBe(PUBLISHED.header);
  });

  it("takes any of its secrets, at any place", async () => {
    const secrets = ["the one before this one", PUBLISHED.secret, "the one after this one"];
    const { verify } = createSignatureVerifier(secrets.map((secret) => new Secret(secret)));
    expect(await verify(PUBLISHED.payload, PUBLISHED.header)).toBe(true);
    const { verify: others } = createSignatureVerifier([new Secret("none of the three secrets")]);
    expect(await others(PUBLISHED.payload, PUBLISHED.header)).toBe(false);
  });

  it.each([
    null,
    "",
    "sha256=",
    PUBLISHED.header.toUpperCase(),
    PUBLISHED.header.replace("sha256", "sha1"),
    PUBLISHED.header.replace("=", " = "),
    `${PUBLISHED.header}, ${PUBLISHED.header}`,
    `${PUBLISHED.header}00`,
    PUBLISHED.header.slice(0, -2),
    PUBLISHED.header.slice(7),
    ` ${PUBLISHED.header}`,
  ])("takes nothing but one signature: %j", async (header) => {
    const { verify } = createSignatureVerifier([new Secret(PUBLISHED.secret)]);
    expect(await verify(PUBLISHED.payload, header)).toBe(false);
  });
});
