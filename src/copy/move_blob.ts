import type { BlobSlice } from "../client/mod.ts";
import { type Descriptor, isForeignLayer } from "../manifest/mod.ts";
import type { ByteReader } from "../verify/mod.ts";
import type { CopyBlob, CopySource } from "./endpoint.ts";
import { pipeBlob } from "./pipe_blob.ts";
import type { CopyRun } from "./run.ts";

/** A blob's place among those of a copy. */
export interface BlobPlace {
  readonly descriptor: Descriptor;
  readonly index: number;
  readonly count: number;
}

/** Between two `blob.progress` of one blob. */
const PROGRESS_MS = 200;

/**
 * Bring one blob to the destination, telling of it.
 *
 * @param force Whatever the destination says that it has.
 */
export async function moveBlob(
  run: CopyRun,
  { descriptor, index, count }: BlobPlace,
  signal: AbortSignal,
  force = false,
): Promise<void> {
  const { clock, destination, seen, slots, source, target: { isNew }, tell, totals } = run;
  const { digest, mediaType, size } = descriptor;
  const facts = { digest, mediaType, size, index, count };
  if (isForeignLayer(descriptor)) {
    totals.skipped++;
    return tell({ type: "blob.skipped", ...facts, reason: "foreign" });
  }
  await slots.hold(size, signal, async () => {
    tell({ type: "blob.started", ...facts });
    const startedAt = clock.now();
    let toldAt = startedAt;
    const { outcome, transferredBytes } = await destination.putBlob({
      descriptor,
      source: lazySource(source, descriptor, signal),
      isLocal: source.isLocal,
      origin: source.origin,
      force,
      seen,
      isNew,
      signal,
      onProgress(arrivedBytes): void {
        const now = clock.now();
        if (now - toldAt < PROGRESS_MS) return;
        toldAt = now;
        tell({ type: "blob.progress", ...facts, arrivedBytes });
      },
      onResume(arrivedBytes): void {
        totals.resumed++;
        tell({ type: "blob.resumed", ...facts, arrivedBytes });
      },
    });
    totals.transferredBytes += transferredBytes;
    if (outcome === "transferred") {
      totals.transferred++;
      const milliseconds = clock.now() - startedAt;
      tell({ type: "blob.finished", ...facts, transferredBytes, milliseconds });
    } else if (outcome === "mounted") {
      totals.mounted++;
      tell({ type: "blob.mounted", ...facts });
    } else {
      totals.skipped++;
      tell({ type: "blob.skipped", ...facts, reason: "exists" });
    }
  });
}

/** Opened when its first bytes are needed: what the destination has is never opened. */
function lazySource(source: CopySource, descriptor: Descriptor, signal: AbortSignal): CopyBlob {
  let opened: CopyBlob | Promise<CopyBlob> | undefined;
  const open = async (): Promise<CopyBlob> => {
    opened ??= source.openBlob(descriptor, { signal });
    return await opened;
  };
  return {
    size: descriptor.size,
    read: async (start): Promise<ByteReader | undefined> => await (await open()).read?.(start),
    slice: async (start, end): Promise<BlobSlice> => await (await open()).slice(start, end),
    pipeTo: async (start, sink): Promise<void> => await pipeBlob(await open(), start, sink, signal),
  };
}
