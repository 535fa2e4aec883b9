import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";

/** Makes much that lives for some collections, as transfers do; prints V8's space for the new. */
const CHURN = `
  import { getHeapSpaceStatistics } from "node:v8";
  import { boundYoungHeap } from "./src/cli/young_heap_node.ts";
  boundYoungHeap(process.argv.slice(1));
  const living = [];
  let most = 0;
  for (let round = 0; round < 600; round++) {
    for (let i = 0; i < 2000; i++) living[i * 7 % 60_000] = { round, i, text: [i, round] };
    for (let i = 0; i < 60_000; i += 1 + round % 3) living[i] = [round];
    await new Promise((resolve) => setImmediate(resolve));
    const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
    most = Math.max(most, space.space_size);
  }
  console.log(most / 1024 / 1024);
`;

function mostMib(...words: readonly string[]): number {
  const args = ["--input-type=module", "--eval", CHURN, "--", ...words];
  return Number(execFileSync("node", args, { encoding: "utf8", timeout: 60_000 }));
}

describe("boundYoungHeap()", () => {
  it("bounds what moves blobs, and a server, but not a sync", () => {
    // a collection may need more for a moment
    expect(mostMib("pull", "app")).toBeLessThanOrEqual(32);
    expect(mostMib("serve", "--config", "door.yaml")).toBeLessThanOrEqual(32);
    expect(mostMib("sync", "--file", "sync.yaml")).toBeGreaterThan(32);
  });
});
