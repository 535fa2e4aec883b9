import { describe, expect, it } from "vitest";
import { compare, cpuTimeOf, median, rounded } from "../../bench/runner.ts";

describe("median()", () => {
  it.each([[[3], 3], [[9, 1, 2], 2], [[1, 10, 3, 4], 3.5]])("of %j is %d", (values, wanted) => {
    expect(median(values)).toBe(wanted);
  });
});

describe("compare()", () => {
  it("takes both sides in turn and the median of the rounds' ratios", async () => {
    const order: string[] = [];
    let clock = 0;
    const side = (name: string, cost: number) => (): void => {
      order.push(name);
      clock += order.length === 1 ? 1000 : cost; // one outlier
    };
    const result = await compare({
      ours: side("ours", 10),
      theirs: side("theirs", 15),
      rounds: 3,
      warmUp: 0,
      now: () => clock,
    });
    expect(order).toEqual(["ours", "theirs", "theirs", "ours", "ours", "theirs"]);
    expect(result).toEqual({ ratio: 1.5, ours: 10, theirs: 15 });
  });

  it("does not count the rounds of the warm-up", async () => {
    let calls = 0;
    const work = (): void => void calls++;
    await compare({ ours: work, theirs: work, rounds: 2, warmUp: 3 });
    expect(calls).toBe(10);
  });
});

it("rounded() keeps two digits unless told otherwise", () => {
  expect([rounded(1.23456), rounded(1.23456, 0)]).toEqual([1.23, 1]);
});

it("cpuTimeOf() falls back to wall time for a process that is not there", () => {
  const now = cpuTimeOf(undefined);
  expect(now()).toBeGreaterThan(0);
});
