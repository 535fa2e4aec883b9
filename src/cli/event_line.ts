import type { CopyEvent } from "../copy/mod.ts";
import { formatBytes, formatDuration, shortDigest } from "./format.ts";
import { kindOf } from "./transfer_meter.ts";

/** What an event is to people, in one line; undefined where it need not be told. */
export function eventLine(event: CopyEvent): string | undefined {
  switch (event.type) {
    case "copy.planned": {
      const manifests = event.manifests === 1 ? "" : `, ${event.manifests} manifests`;
      return `${event.digest}: ${event.blobs} blobs${manifests}, ${formatBytes(event.bytes)}`;
    }
    case "blob.resumed":
      return `${place(event)} continues at ${formatBytes(event.arrivedBytes)} of ${
        formatBytes(event.size)
      }`;
    case "blob.mounted":
      return `${place(event)} ${formatBytes(event.size)} mounted`;
    case "blob.skipped":
      return `${place(event)} ${formatBytes(event.size)} ${
        event.reason === "exists" ? "is there" : "lives elsewhere, not copied"
      }`;
    case "blob.finished": {
      const { milliseconds, size, transferredBytes } = event;
      const rate = milliseconds > 0 ? 1000 * transferredBytes / milliseconds : 0;
      const speed = rate > 0 ? `, ${formatBytes(rate)}/s` : "";
      return `${place(event)} ${formatBytes(size)} in ${formatDuration(milliseconds)}${speed}`;
    }
    case "copy.healing":
      return `The destination lacks parts of ${shortDigest(event.digest)}: they are pushed again`;
    case "sync.listed":
      return `${event.source}: ${event.chosen} of ${event.tags} tags, to ${event.destination}`;
    case "sync.waiting":
      return `${event.image}: waiting ${formatDuration(event.milliseconds)} for the rate limit`;
    case "sync.image":
      return `${event.source} ${SYNC_WORDS[event.outcome]} ${event.destination}${
        event.message === undefined ? "" : `: ${event.message}`
      }`;
    default:
      return undefined;
  }
}

const SYNC_WORDS = {
  copied: "copied to",
  unchanged: "is already",
  deleted: "is gone, deleted",
  planned: "would be copied to",
  doomed: "is gone, would be deleted:",
  failed: "was not copied to",
} as const;

function place(
  event: Extract<CopyEvent, { readonly index: number }>,
): string {
  const { count, digest, index, mediaType } = event;
  return `${kindOf(mediaType)} ${index + 1}/${count} ${shortDigest(digest)}`;
}
