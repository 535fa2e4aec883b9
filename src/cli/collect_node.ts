import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { runtimeName } from "./runtime_node.ts";
import { movesBlobs } from "./young_heap_node.ts";

const LOOK_MS = 25;
/** A collection takes Bun 6 ms and Deno 25: after so much growth, 5 % of the time of a pull or a push. */
const GROWTH_BYTES: number = 8 * 1024 * 1024;

interface Memory {
  /** Bytes of the heap, with the buffers that hang on it where the runtime counts them in. */
  size(): number;
  collect(): void;
}

/**
 * Collect what is not needed any more each time the heap has grown by 8 MiB, where a command moves large
 * blobs on Bun or Deno. They wait for long, as there is memory enough: Bun until 20 MiB of chunks that it
 * received have grown old, Deno while each request leaves 8 KiB, 40 MiB after 10 GiB. So a
 * large blob took more memory than one of 100 MiB. On Node the space for new objects is what matters.
 */
export function collectOften(words: readonly string[]): void {
  if (!movesBlobs(words)) return;
  const runtime = runtimeName();
  if (runtime === "Bun") watch(memoryOf((globalThis as BunGlobal).Bun?.gc));
  if (runtime === "Deno") watch(memoryOf(gcOfV8));
}

/**
 * Look at a heap now and then.
 * @returns Stops it. The process ends without.
 */
export function watch({ collect, size }: Memory): () => void {
  let least = size();
  const timer = setInterval(() => {
    const now = size();
    least = Math.min(least, now);
    if (now - least < GROWTH_BYTES) return;
    collect();
    least = size();
  }, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Bun counts buffers as used, and tells less as the total; V8 keeps more than is used. */
function memoryOf(gc: ((isWaitedFor: true) => void) | undefined): Memory {
  return {
    size: () => {
      const { heapTotal, heapUsed } = process.memoryUsage();
      return Math.max(heapTotal, heapUsed);
    },
    collect: () => gc?.(true),
  };
}

interface BunGlobal {
  readonly Bun?: { readonly gc: (isWaitedFor: true) => void };
}

let found: (() => void) | undefined;

/** V8 shows it to realms that are made after it was told to. */
function gcOfV8(): void {
  if (found === undefined) {
    setFlagsFromString("--expose-gc");
    const gc: unknown = runInNewContext("globalThis.gc");
    found = typeof gc === "function" ? () => void gc() : () => {};
  }
  found();
}
