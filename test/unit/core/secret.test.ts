import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { encodeUtf8, Secret } from "../../../src/core/mod.ts";

describe("Secret", () => {
  it("reveals what was put in, text or bytes", () => {
    expect(new Secret("hunter2 é").reveal()).toBe("hunter2 é");
    expect(new Secret(encodeUtf8("x")).revealBytes()).toEqual(encodeUtf8("x"));
    expect(new Secret("é").length).toBe(2);
    expect(new Secret("").length).toBe(0);
  });

  it("shows itself nowhere by accident", () => {
    const secret = new Secret("canary");
    const error = new Error("x", { cause: { secret } });
    const shown = [
      `${secret}`,
      String(secret),
      JSON.stringify({ secret }),
      inspect(secret, { depth: 9, showHidden: true }),
      inspect({ deep: { secret } }, { depth: 9 }),
      inspect(error, { depth: 9 }),
      JSON.stringify(Object.entries(secret)),
      Object.getOwnPropertyNames(secret).join(),
      JSON.stringify(structuredClone({ ...secret })),
    ].join("\n");
    expect(shown).not.toContain("canary");
    expect(shown).not.toContain("99, 97, 110");
    expect(shown).toContain("[secret]");
    expect(
      (secret as unknown as Record<symbol, () => string>)[Symbol.for("Deno.customInspect")]?.(),
    )
      .toBe("[secret]");
  });

  it("keeps its own copy of the bytes and gives copies away", () => {
    const given = encodeUtf8("abc");
    const secret = new Secret(given);
    given.fill(0);
    expect(secret.reveal()).toBe("abc");
    secret.revealBytes().fill(0);
    expect(secret.reveal()).toBe("abc");
  });

  it("is zeroed when disposed of", () => {
    const secret = new Secret("abc");
    secret[Symbol.dispose]();
    expect(secret.revealBytes()).toEqual(new Uint8Array(3));
  });
});
