import { execFileSync } from "node:child_process";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { watch } from "../../../src/cli/collect_node.ts";

const MIB = 1024 * 1024;

/** Leaves objects that have grown old, as transfers do; prints whether they were collected. */
const LEAVE = `
  import { collectOften } from "./src/cli/collect_node.ts";
  collectOften([globalThis.word]);
  const make = () => Array.from({ length: 400_000 }, (_, i) => ({ i }));
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const old = (() => {
    const made = [make()];
    return { made, ref: new WeakRef(made[0]) };
  })();
  await pause(100);
  old.made.length = 0;
  const more = make();
  for (let i = 0; i < 20; i++) await pause(20);
  console.log(old.ref.deref() === undefined, more.length);
`;

function isCollectedOn(runtime: "deno" | "bun", word: string): string {
  const script = `globalThis.word = "${word}";${LEAVE}`;
  const args = runtime === "deno" ? ["eval", "--ext=ts", script] : ["--eval", script];
  return execFileSync(runtime, args, { encoding: "utf8", timeout: 60_000 }).trim();
}

describe("collectOften()", () => {
  it.each(["deno", "bun"] as const)("collects what has grown old on %s", (runtime) => {
    expect(isCollectedOn(runtime, "pull")).toBe("true 400000");
  });
});

describe("watch()", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("collects when the heap has grown by 8 MiB from where it was least", () => {
    let size = 20 * MIB;
    const collect = vi.fn(() => void (size = 12 * MIB));
    const stop = watch({ size: () => size, collect });
    const seen = [25, 10, 17.9, 18, 19.9, 20].map((mib) => {
      size = mib * MIB;
      vi.advanceTimersByTime(25);
      return collect.mock.calls.length;
    });
    expect(seen).toEqual([0, 0, 0, 1, 1, 2]);
    stop();
    size = 99 * MIB;
    vi.advanceTimersByTime(1000);
    expect(collect).toHaveBeenCalledTimes(2);
  });
});
