import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSimulation, secretSpellings, sightings } from "../../../src/simulation/mod.ts";

const CANARY = 'canary-√"4f9a+/?';

function carriers(before: string, after: string): string[] {
  const bytes = new TextEncoder().encode(before + CANARY + after);
  const base64 = btoa(String.fromCharCode(...bytes));
  return [base64, base64.replaceAll("+", "-").replaceAll("/", "_")];
}

describe("secretSpellings()", () => {
  it("finds a secret inside anything encoded with what stands around it", () => {
    fc.assert(fc.property(fc.string(), fc.string(), (before, after) => {
      for (const text of carriers(before, after)) {
        expect(secretSpellings(CANARY).some((spelling) => text.includes(spelling))).toBe(true);
      }
    }));
  });

  it("a short secret is refused", () => {
    expect(() => secretSpellings("1234567")).toThrow(TypeError);
  });
});

describe("sightings()", () => {
  it("looks at request line, headers and body; nothing else is a sighting", async () => {
    const simulation = createSimulation();
    simulation.trap("trap.test");
    const secret = "canary-4f9a01";
    const send = async (path: string, init: RequestInit): Promise<number> => {
      await simulation.fetch(new Request(`https://trap.test${path}`, init));
      return sightings(simulation.log, secret).length;
    };
    expect(await send("/", {})).toBe(0);
    expect(await send(`/?x=${secret}`, {})).toBe(1);
    expect(await send("/", { headers: { authorization: `Basic ${btoa(`u:${secret}`)}` } })).toBe(2);
    const body = new URLSearchParams({ password: secret });
    expect(await send("/", { method: "POST", body })).toBe(3);
    expect(await send("/", { headers: { cookie: "canary-4f9a0" } })).toBe(3);
  });
});
