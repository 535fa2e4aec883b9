import { BLOB_SIZES, type BlobName } from "./catalogue.ts";
import type { CaseFault, SeenRequest } from "./control.ts";
import {
  type Corruption,
  CORRUPTIONS,
  middleOf,
  ON_RESUME,
  thirdOf,
  type Verdict,
} from "./corruptions.ts";

/**
 * How a blob is asked for. `sized`: with the size of a descriptor. `middle` and `tail`: a range of it.
 * `broken`: the first connection is cut after a third, and the rest is what goes wrong.
 */
export const MODES = ["plain", "sized", "middle", "tail", "broken", "broken middle"] as const;

/** One of {@linkcode MODES}. */
export type Mode = (typeof MODES)[number];

/** A descriptor tells before a byte is read. */
const TOLD: Verdict = ["BLOB_SIZE_MISMATCH"];

/** Blobs that rows are tried on: below, at and above what is verified before it is shown. */
export const TRIED_BLOBS: readonly BlobName[] = ["small", "edge", "over", "large"];

/** One case: a row, a blob, a way to ask for it. */
export interface CorruptionCase {
  readonly title: string;
  readonly row: Corruption;
  readonly blob: BlobName;
  readonly mode: Mode;
  readonly verdict: Verdict;
  /** Bytes asked for, `end` inclusive. */
  readonly range: { readonly start: number; readonly end?: number } | undefined;
  readonly faults: readonly CaseFault[];
}

function isBroken(mode: Mode): boolean {
  return mode.startsWith("broken");
}

function rangeOf(mode: Mode, size: number): CorruptionCase["range"] {
  if (mode.endsWith("middle")) return { start: Math.floor(size / 4), end: middleOf(size) };
  return mode === "tail" ? { start: middleOf(size) } : undefined;
}

function faultsOf(row: Corruption, mode: Mode, size: number): readonly CaseFault[] {
  const action = row.actions(size);
  if (!isBroken(mode)) return [{ action }];
  const by = mode === "broken" ? "reset" : "close";
  return [{ nth: 1, action: { kind: "cut", by, at: thirdOf(size) } }, { after: 1, action }];
}

function verdictOf(row: Corruption, mode: Mode): Verdict {
  if (isBroken(mode)) return row.resumed ?? row.whole;
  if (mode === "tail") return row.tail ?? row.whole;
  return mode === "sized" ? row.sized ?? (row.whole === "right" ? "right" : TOLD) : row.whole;
}

function caseOf(row: Corruption, blob: BlobName, mode: Mode): CorruptionCase {
  const size = BLOB_SIZES[blob];
  return {
    ...{ row, blob, mode },
    title: `${row.name}: ${blob}, ${mode}`,
    verdict: verdictOf(row, mode),
    range: rangeOf(mode, size),
    faults: faultsOf(row, mode, size),
  };
}

/**
 * Every case of some blobs and modes. Rows about resumes are tried where there is one, and on a blob
 * that is long enough for workerd to resume, not to start anew.
 */
export function corruptionCases(
  blobs: readonly BlobName[],
  modes: readonly Mode[] = MODES,
): readonly CorruptionCase[] {
  const cases = CORRUPTIONS.flatMap((row) =>
    blobs.flatMap((blob) =>
      modes.filter((mode) => isBroken(mode) || !ON_RESUME.includes(row))
        .map((mode) => caseOf(row, blob, mode))
    )
  );
  const isResumed = modes.includes("broken");
  return [...cases, ...(isResumed ? ON_RESUME.map((row) => caseOf(row, "deep", "broken")) : [])];
}

/**
 * Cases for the front door, whose breaker outlives them: of what no HTTP client understands, one that
 * does not open it.
 */
export function doorCases(
  blobs: readonly BlobName[],
  modes: readonly Mode[],
): readonly CorruptionCase[] {
  return corruptionCases(blobs, modes)
    .filter(({ row, blob, mode }) => row.host !== "odd" || (blob === "small" && mode === "plain"));
}

/**
 * What a case came to must be, given what the registry saw. A runtime that loses some of what had arrived
 * resumes earlier, where a fixed header is wrong in another way. One that loses all of it asks for the
 * whole again, and an answer that is wrong for a part alone is right then.
 */
export function fairVerdict(
  { row, verdict }: CorruptionCase,
  seen: readonly SeenRequest[],
): Verdict {
  const starts = seen.slice(1).map(({ headers }) => headers["range"]);
  if (verdict === "right" || verdict === "either") return verdict;
  if (ON_RESUME.includes(row) && starts.includes(undefined)) return "either";
  const isLossless = starts.length === 0 || starts[0]?.startsWith(`bytes=${seen[0]?.sentBytes}-`);
  return isLossless ? verdict : [...verdict, "INVALID_RESPONSE", "RESUME_FAILED"];
}

const KIB = 1024;

/** Every 64 KiB boundary of a blob, and the bytes beside it. */
export function boundaryCuts(size: number): readonly number[] {
  const boundaries = Array.from({ length: Math.floor(size / (64 * KIB)) + 1 }, (_, i) => i);
  return boundaries.flatMap((i) => [i * 64 * KIB - 1, i * 64 * KIB, i * 64 * KIB + 1])
    .filter((at) => at >= 0 && at < size);
}

/** So many places spread over a blob, never at a round number; its first and last byte among them. */
export function spreadCuts(size: number, count: number): readonly number[] {
  const last = size - 1;
  return Array.from(
    { length: count },
    (_, i) => Math.min(last, Math.floor((i * last) / (count - 1))),
  );
}

/** Which third of the cases a runtime takes in the quick tier: together they take all. */
const THIRDS = ["Deno", "Bun", "Cloudflare-Workers"] as const;

/** The cases that are tried here: on Node all of them, elsewhere a third unless all were asked for. */
export function sampled<T>(cases: readonly T[], isFull: boolean): readonly T[] {
  const third = THIRDS.findIndex((name) => navigator.userAgent.startsWith(name));
  return isFull || third < 0 ? cases : cases.filter((_, i) => i % THIRDS.length === third);
}
