import { type Clock, type ErrorCode, isTidegateError } from "../core/mod.ts";
import type { CopyDestination, CopySource } from "./endpoint.ts";
import type { CopyEvent, CopyTotals } from "./event.ts";
import type { BlobSlots } from "./blob_slots.ts";
import type { CopyOptions } from "./options.ts";
import { type TargetFacts, UNKNOWN_TARGET } from "./probe_target.ts";
import { createSeenBlobs, type SeenBlobs } from "./seen_blobs.ts";

/** An event without what every event of a copy has. */
export type EventFacts<T = CopyEvent> = T extends { readonly copy: number } ? Omit<T, "copy" | "at">
  : never;

/** One copy that runs. */
export interface CopyRun {
  readonly source: CopySource;
  readonly destination: CopyDestination;
  readonly options: CopyOptions;
  readonly clock: Clock;
  readonly slots: BlobSlots;
  /** Shared by all images of a sync. */
  readonly seen: SeenBlobs;
  readonly target: TargetFacts;
  readonly startedAt: number;
  /** What it has come to so far. */
  readonly totals: { -readonly [Key in keyof CopyTotals]: CopyTotals[Key] };
  /** Tell of something. Without a listener it costs a comparison. */
  readonly tell: (facts: EventFacts) => void;
}

let copies = 0;

/** Begin one. */
export function createRun(
  source: CopySource,
  destination: CopyDestination,
  options: CopyOptions,
  { clock, slots, seen = createSeenBlobs(), target = UNKNOWN_TARGET }:
    & Pick<CopyRun, "clock" | "slots">
    & Partial<Pick<CopyRun, "seen" | "target">>,
): CopyRun {
  const { onEvent } = options;
  const copy = ++copies;
  return {
    source,
    destination,
    options,
    clock,
    slots,
    seen,
    target,
    startedAt: clock.now(),
    totals: {
      manifests: 0,
      transferred: 0,
      mounted: 0,
      skipped: 0,
      resumed: 0,
      transferredBytes: 0,
    },
    tell(facts): void {
      if (onEvent === undefined) return;
      const { type, ...others } = facts;
      onEvent({ type, copy, at: clock.now(), ...others } as CopyEvent);
    },
  };
}

/** What an error is called in events. */
export function codeOf(
  error: unknown,
  signal: AbortSignal | undefined,
): ErrorCode | "ABORTED" | "UNKNOWN" {
  if (signal?.aborted) return "ABORTED";
  return isTidegateError(error) ? error.code : "UNKNOWN";
}

/** What an error says in events. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
