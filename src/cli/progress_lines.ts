import { formatBytes, formatDuration, shortDigest } from "./format.ts";
import type { BlobFacts, TransferFacts } from "./transfer_meter.ts";

/** Most blobs that have a bar of their own. */
const MAX_BARS = 10;

const BAR_WIDTH = 24;

/** The lines that show a transfer on a terminal: a bar for each blob on its way, and one for all. */
export function progressLines(facts: TransferFacts, columns: number): readonly string[] {
  const shown = facts.active.slice(0, MAX_BARS);
  const hidden = facts.active.length - shown.length;
  const lines = [
    ...shown.map(blobLine),
    ...(hidden > 0 ? [`… and ${hidden} more`] : []),
    totalLine(facts),
  ];
  return lines.map((line) => [...line].slice(0, Math.max(columns - 1, 1)).join(""));
}

function blobLine(blob: BlobFacts): string {
  const { arrivedBytes, bytesPerSecond, count, digest, kind, number, size } = blob;
  return [
    `${kind} ${number}/${count}`.padEnd(13),
    shortDigest(digest),
    bar(arrivedBytes, size),
    `${formatBytes(arrivedBytes)} / ${formatBytes(size)}`.padStart(21),
    `${formatBytes(bytesPerSecond)}/s`.padStart(12),
  ].join(" ");
}

/** One line for everything: also what is printed now and then where there is no terminal. */
export function totalLine(facts: TransferFacts): string {
  const { arrivedBytes, blobs, blobsDone, bytesPerSecond, etaMs, images, imagesDone } = facts;
  const { percent, totalBytes } = facts;
  return [
    images > 0 ? `images ${imagesDone}/${images}`.padEnd(13) : "total".padEnd(13),
    `${percent}%`.padStart(4),
    bar(arrivedBytes, totalBytes),
    `${formatBytes(arrivedBytes)} / ${formatBytes(totalBytes)}`.padStart(21),
    `${formatBytes(bytesPerSecond)}/s`.padStart(12),
    `${blobsDone}/${blobs} blobs`,
    ...(etaMs === undefined ? [] : [`ETA ${formatDuration(etaMs)}`]),
  ].join(" ");
}

function bar(part: number, whole: number): string {
  const share = whole === 0 ? 0 : Math.min(1, part / whole);
  const full = Math.floor(share * BAR_WIDTH);
  return `[${"#".repeat(full)}${".".repeat(BAR_WIDTH - full)}]`;
}
