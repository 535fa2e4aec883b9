import { MAX_HELD_CHUNK_BYTES, type RegistryProfile } from "../core/mod.ts";
import type { UploadSession } from "../distribution/mod.ts";
import { isRuntime } from "../transport/mod.ts";

/** How much goes into one request. */
export interface ChunkLimit {
  /**
   * Most bytes of the next one.
   * @param wanted Default is what a chunk has that is held in memory.
   */
  next(session: UploadSession, wanted?: number): number;
  /** Look at who answered: Cloudflare takes no more than 100 MB. */
  see(headers: Headers): void;
  /** Send half as much from now on, as this was too large or too slow. False when it cannot be less. */
  halve(sent: number): boolean;
}

const MIB = 1024 * 1024;

/**
 * Default length of a chunk, in bytes. Longer ones are fewer, which is faster with a registry that
 * syncs its disk after each; but a lost answer costs a whole one. An upload holds two, and its runtime
 * may copy a third: a push of 1 GiB adds 60 MiB to Node with 16, 58 to Bun with 10 and 58 to Deno
 * with 7 (63 with 8).
 */
export const CHUNK_BYTES: number = (isRuntime("Node.js") ? 16 : isRuntime("Bun") ? 10 : 7) * MIB;

const CLOUDFLARE_BYTES = 95 * 1024 * 1024; // of 100 MB on the smaller plans
const LEAST_BYTES = 64 * 1024;

/** The least of what the caller, the profile, the registry's answers and its front ends allow. */
export function createChunkLimit(
  { maxPatchBytes = Infinity }: RegistryProfile,
  chunkBytes: number,
): ChunkLimit {
  let cap = maxPatchBytes;
  let least = 0;
  return {
    next({ minChunkBytes = 0, maxChunkBytes = Infinity }, wanted = chunkBytes): number {
      least = Math.min(minChunkBytes, MAX_HELD_CHUNK_BYTES);
      return Math.max(Math.min(wanted, cap, maxChunkBytes), least, 1);
    },
    see(headers): void {
      const isCloudflare = headers.has("cf-ray") || headers.get("server") === "cloudflare";
      if (isCloudflare) cap = Math.min(cap, CLOUDFLARE_BYTES);
    },
    halve(sent): boolean {
      const half = Math.floor(sent / 2);
      if (half < Math.max(LEAST_BYTES, least)) return false;
      cap = Math.min(cap, half);
      return true;
    },
  };
}
