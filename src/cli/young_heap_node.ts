import { PerformanceObserver } from "node:perf_hooks";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";
import { runtimeName } from "./runtime_node.ts";

/** Commands that move few and large blobs. A sync asks more than it moves, and is slower with it. */
const MOVERS: ReadonlySet<string> = new Set(["pull", "push", "copy", "blob"]);

/** The two halves together: with less, a server gives fewer small answers for the same work. */
const ENOUGH_SERVING_BYTES = 16 * 1024 * 1024;

/**
 * Hold back V8's space for new objects where a command moves large blobs: `pull` and its like keep the
 * megabytes that it begins with, `serve` has 16 MiB. What lives through a collection may need more for
 * a while, and a server that makes many objects at once gets more for good. Nothing but Node has it.
 *
 * Node's `fetch` makes a buffer for each 64 KiB that it receives, and one that nobody needs is freed
 * when that space is full: the larger it has grown, the more of them wait, and memory that was not
 * used for long is slow. A pull takes a third less time and 90 MiB less with it, and a server's
 * memory does not grow with the bytes that it has relayed: 340 MiB after 16 GiB without.
 */
export function holdYoungHeap(words: readonly string[]): void {
  if (runtimeName() !== "Node.js") return;
  if (commandOf(words) === "serve") watchGrowth();
  else if (movesBlobs(words)) setGrowthFactor(1);
}

/** Whether a command line moves few and large blobs. */
export function movesBlobs(words: readonly string[]): boolean {
  return MOVERS.has(commandOf(words));
}

function commandOf(words: readonly string[]): string {
  return words.find((word) => !word.startsWith("-")) ?? "";
}

/** No setting stops growth at a size once the process runs, so each collection looks at it. */
function watchGrowth(): void {
  let factor = 2;
  const observer = new PerformanceObserver(() => {
    const before = factor;
    factor = youngHeapBytes() < ENOUGH_SERVING_BYTES ? 2 : 1;
    if (factor !== before) setGrowthFactor(factor);
  });
  observer.observe({ entryTypes: ["gc"] });
}

function youngHeapBytes(): number {
  const spaces = getHeapSpaceStatistics();
  return spaces.find(({ space_name: name }) => name === "new_space")?.space_size ?? 0;
}

function setGrowthFactor(factor: number): void {
  setFlagsFromString(`--semi-space-growth-factor=${factor}`);
}
