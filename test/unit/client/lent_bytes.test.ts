import { describe, expect, it } from "vitest";
import { lendBytes } from "../../../src/client/lent_bytes.ts";

const original = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);

describe("lendBytes()", () => {
  it("is the same bytes, and so is a copy of all of them", () => {
    const bytes = original.slice();
    const lent = lendBytes(bytes);
    expect(new Uint8Array(lent)).toEqual(original);
    expect(lent.slice()).toBe(bytes);
    expect(bytes).toEqual(original);
  });

  it("is copied in part as any other array", () => {
    const bytes = original.slice();
    const lent = lendBytes(bytes.subarray(100, 900));
    const parts = [lent.slice(5, 10), lent.subarray(5, 10), lent.slice(1), lent.slice(0, 0)];
    for (const part of parts) part.fill(0);
    parts[1]?.set(original.subarray(105, 110));
    expect(bytes).toEqual(original);
    expect(lent.subarray(3, 7)).toEqual(original.subarray(103, 107));
  });

  it("is a body for fetch", async () => {
    const bytes = original.slice();
    const init = { method: "PUT", body: lendBytes(bytes) };
    const request = new Request("https://registry.example/", init);
    expect(await request.bytes()).toEqual(original);
  });
});
