import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";

/** Makes much of which a little lives on, as transfers do; prints V8's space for the new, its median. */
const CHURN = `
  import { getHeapSpaceStatistics } from "node:v8";
  import { holdYoungHeap } from "./src/cli/young_heap_node.ts";
  holdYoungHeap(process.argv.slice(1));
  const living = [];
  const sizes = [];
  for (let round = 0; round < 300; round++) {
    for (let i = 0; i < 20_000; i++) living[i * 7 % 60_000] = { round, i, text: [i, round] };
    await new Promise((resolve) => setImmediate(resolve));
    const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
    sizes.push(space.space_size / 1024 / 1024);
  }
  console.log(sizes.sort((a, b) => a - b)[150]);
`;

function usualMib(...words: readonly string[]): number {
  const args = ["--input-type=module", "--eval", CHURN, "--", ...words];
  return Number(execFileSync("node", args, { encoding: "utf8", timeout: 60_000 }));
}

describe("holdYoungHeap()", () => {
  it("keeps the least for what moves blobs, more for a server, and leaves a sync alone", () => {
    expect(usualMib("pull", "serve")).toBeLessThanOrEqual(4);
    const serving = usualMib("--json", "serve", "--config", "pull");
    expect(serving).toBeGreaterThanOrEqual(12);
    expect(serving).toBeLessThanOrEqual(24);
    expect(usualMib("sync", "--file", "sync.yaml")).toBeGreaterThan(24);
  });
});
