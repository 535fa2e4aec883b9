import type { CopyEvent } from "../copy/mod.ts";

/** One blob on its way. */
export interface BlobFacts {
  readonly digest: string;
  /** `layer`, `config`. */
  readonly kind: string;
  /** From 1. */
  readonly number: number;
  readonly count: number;
  readonly size: number;
  readonly arrivedBytes: number;
  /** Over the last seconds. */
  readonly bytesPerSecond: number;
}

/** How far a transfer is. */
export interface TransferFacts {
  /** Milliseconds since the epoch; undefined before the first event. */
  readonly startedAt: number | undefined;
  /** Of all blobs that are planned. */
  readonly totalBytes: number;
  /** Of blobs that are at the destination, and of parts that are. */
  readonly arrivedBytes: number;
  /** Bytes that were moved now. */
  readonly transferredBytes: number;
  /** Whole, 0 to 100. */
  readonly percent: number;
  /** Over the last seconds. */
  readonly bytesPerSecond: number;
  /** What is left, at this rate; undefined where nobody can tell. */
  readonly etaMs: number | undefined;
  readonly blobs: number;
  readonly blobsDone: number;
  /** Of a sync. */
  readonly images: number;
  readonly imagesDone: number;
  readonly active: readonly BlobFacts[];
}

/** Adds up the events of copies. */
export interface TransferMeter {
  take(event: CopyEvent): void;
  /** @param now Milliseconds since the epoch. */
  facts(now: number): TransferFacts;
}

/** What the rate is measured over. */
const WINDOW_MS = 5000;
/** Before that, the rate is that of a config. */
const SETTLED_MS = 1000;

interface Gauge {
  readonly samples: { readonly at: number; readonly bytes: number }[];
  bytes: number;
}

interface ActiveBlob {
  readonly facts: Omit<BlobFacts, "arrivedBytes" | "bytesPerSecond">;
  readonly gauge: Gauge;
}

type BlobEvent = Extract<CopyEvent, { readonly index: number }>;

/** Start at nothing. */
export function createTransferMeter(): TransferMeter {
  const active = new Map<string, ActiveBlob>();
  const moved = createGauge();
  const sums = { total: 0, done: 0, blobs: 0, blobsDone: 0, images: 0, imagesDone: 0 };
  let startedAt: number | undefined;
  const startBlob = (event: BlobEvent): ActiveBlob => {
    const { count, digest, index, mediaType, size } = event;
    const facts = { digest, kind: kindOf(mediaType), number: index + 1, count, size };
    const blob = { facts, gauge: createGauge() };
    active.set(keyOf(event), blob);
    mark(blob.gauge, event.at);
    return blob;
  };
  const advance = (event: BlobEvent, arrived: number, isMoved: boolean): void => {
    const { gauge } = active.get(keyOf(event)) ?? startBlob(event);
    if (isMoved) moved.bytes += Math.max(0, arrived - gauge.bytes);
    gauge.bytes = arrived;
    if (!isMoved) gauge.samples.length = 0;
    mark(gauge, event.at);
    mark(moved, event.at);
  };
  const endBlob = (event: BlobEvent): void => {
    active.delete(keyOf(event));
    sums.done += event.size;
    sums.blobsDone++;
  };
  return {
    take(event): void {
      startedAt ??= event.at;
      switch (event.type) {
        case "copy.planned":
          sums.total += event.bytes;
          sums.blobs += event.blobs;
          return mark(moved, event.at);
        case "blob.started":
          return void startBlob(event);
        case "blob.progress":
          return advance(event, event.arrivedBytes, true);
        case "blob.resumed":
          return advance(event, event.arrivedBytes, false);
        case "blob.finished":
          advance(event, event.size, event.transferredBytes > 0);
          return endBlob(event);
        case "blob.mounted":
        case "blob.skipped":
          return endBlob(event);
        case "sync.listed":
          return void (sums.images += event.chosen);
        case "sync.image":
          return void sums.imagesDone++;
      }
    },
    facts(now): TransferFacts {
      const blobs = [...active.values()].map(({ facts, gauge }) => ({
        ...facts,
        arrivedBytes: gauge.bytes,
        bytesPerSecond: rateOf(gauge, now),
      }));
      const arrived = sums.done + blobs.reduce((sum, { arrivedBytes }) => sum + arrivedBytes, 0);
      const bytesPerSecond = rateOf(moved, now);
      const left = Math.max(0, sums.total - arrived);
      return {
        startedAt,
        totalBytes: sums.total,
        arrivedBytes: arrived,
        transferredBytes: moved.bytes,
        percent: sums.total === 0 ? 0 : Math.min(100, Math.floor(100 * arrived / sums.total)),
        bytesPerSecond,
        etaMs: bytesPerSecond > 0 && isSettled(moved, now)
          ? 1000 * left / bytesPerSecond
          : undefined,
        ...{ blobs: sums.blobs, blobsDone: sums.blobsDone },
        ...{ images: sums.images, imagesDone: sums.imagesDone },
        active: blobs,
      };
    },
  };
}

function keyOf({ copy, digest }: BlobEvent): string {
  return `${copy} ${digest}`;
}

/** What a blob is to people. */
export function kindOf(mediaType: string): string {
  return /[.+](config|image)\.v\d\+json$/.test(mediaType) ? "config" : "layer";
}

function createGauge(): Gauge {
  return { samples: [], bytes: 0 };
}

function mark({ bytes, samples }: Gauge, at: number): void {
  samples.push({ at, bytes });
  while (samples.length > 2 && at - (samples[1]?.at ?? at) > WINDOW_MS) samples.shift();
}

/** Whether a rate says anything about the future. */
function isSettled({ samples: [first] }: Gauge, now: number): boolean {
  return first !== undefined && now - first.at >= SETTLED_MS;
}

function rateOf({ bytes, samples: [first] }: Gauge, now: number): number {
  if (first === undefined || now <= first.at) return 0;
  return 1000 * (bytes - first.bytes) / (now - first.at);
}
