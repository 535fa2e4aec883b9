import { expect } from "vitest";
import { SMALL_BODY_BYTES } from "../../src/core/mod.ts";
import type { Verdict } from "./corruptions.ts";
import type { Pulled } from "./pull.ts";

/** Hold what a client came home with against a verdict. The error's code is looked at by the caller. */
export function expectPulled(pulled: Pulled, verdict: Verdict): void {
  if (pulled.complete) {
    expect(verdict, "complete").toBeTypeOf("string");
    expect(pulled, "complete").toMatchObject({ right: true });
    return;
  }
  expect(verdict, `failed: ${pulled.code}`).not.toBe("right");
  const { promised, shown } = pulled;
  const most = promised === undefined ? Infinity : Math.max(promised - SMALL_BODY_BYTES, 0);
  expect(shown, "the last 64 KiB are withheld").toBeLessThanOrEqual(most);
}
