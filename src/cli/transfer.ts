import {
  type CopiedImage,
  type CopyDestination,
  copyImage,
  type CopyOptions,
  type CopySource,
} from "../copy/mod.ts";
import type { CommandContext, OptionSpec } from "./command.ts";
import { formatBytes, formatDuration } from "./format.ts";
import { showProgress } from "./progress.ts";
import type { TransferFacts } from "./transfer_meter.ts";

/** What every command takes that moves images. */
export const TRANSFER_OPTIONS: readonly OptionSpec[] = [
  {
    flags: "--concurrency <number>",
    summary: "blobs at a time (default: 8; 6 on Deno and Bun); 1 is one by one",
  },
  { flags: "--deep", summary: "look at every part, even where the image is there already" },
];

/** What commands take that move images with what belongs to them. */
export const COMPANION_OPTIONS: readonly OptionSpec[] = [
  { flags: "--referrers", summary: "with what refers to it: signatures, SBOMs, attestations" },
  { flags: "--artifact-type <type>", summary: "with those referrers alone that have this type" },
  { flags: "--digest-tags", summary: "with images tagged by its digests: sha256-….sig" },
];

/** The copy options that these words mean. */
export function companionOptions(
  { options }: CommandContext,
): Pick<CopyOptions, "referrers" | "digestTags"> {
  const types = options.list("artifact-type");
  return {
    referrers: types.length > 0 ? types : options.flag("referrers"),
    digestTags: options.flag("digest-tags"),
  };
}

/** What was copied, for the last line. */
export interface TransferNames {
  /** What was done: `Pulled`. */
  readonly verb: string;
  /** To what: `nginx:latest`. */
  readonly image: string;
  /** Where it is now, if that is not in the name. */
  readonly place?: string | undefined;
}

/** Copy one image, show how it goes, and say what it came to. */
export async function transfer(
  context: CommandContext,
  names: TransferNames,
  source: CopySource,
  destination: CopyDestination,
  options: CopyOptions,
): Promise<void> {
  const progress = showProgress(context);
  const copy = async (): Promise<CopiedImage> =>
    await copyImage(source, destination, {
      deep: context.options.flag("deep"),
      concurrency: context.options.number("concurrency", 1, 64),
      ...options,
      signal: context.signal,
      clock: context.clock,
      onEvent: progress.onEvent,
    });
  let facts: TransferFacts | undefined;
  const copied = await copy().finally(async () => void (facts = await progress.finish()));
  if (facts !== undefined) await tell(context, names, copied, facts);
}

async function tell(
  { output }: CommandContext,
  { image, place, verb }: TransferNames,
  copied: CopiedImage,
  facts: TransferFacts,
): Promise<void> {
  const { digest, mediaType, milliseconds, outcome, totals } = copied;
  if (output.mode.json) {
    const metrics = metricsOf(facts, copied);
    await output.json({ type: "result", image, place, digest, mediaType, outcome, metrics });
    return;
  }
  const isNew = outcome !== "unchanged";
  await output.line(isNew ? `${verb} ${image}` : `${image} was there already`);
  await output.line(`Digest: ${digest}`);
  if (place !== undefined) output.note(`It is in ${place}`);
  if (isNew) output.note(`${countsOf(totals)} in ${formatDuration(milliseconds)}`);
}

function countsOf(totals: CopiedImage["totals"]): string {
  return [
    `${totals.transferred} blobs transferred (${formatBytes(totals.transferredBytes)})`,
    ...(totals.resumed > 0 ? [`${totals.resumed} of them continued`] : []),
    ...(totals.mounted > 0 ? [`${totals.mounted} mounted`] : []),
    ...(totals.skipped > 0 ? [`${totals.skipped} there already`] : []),
  ].join(", ");
}

/** The metrics of a transfer, by the names that they are documented under. */
function metricsOf(
  facts: TransferFacts,
  { milliseconds, totals }: CopiedImage,
): Readonly<Record<string, number>> {
  const { blobs, blobsDone, startedAt = 0, totalBytes } = facts;
  return {
    total_bytes: totalBytes,
    transferred_bytes: totals.transferredBytes,
    progress_percent: 100,
    transfer_rate: milliseconds > 0 ? Math.round(1000 * totals.transferredBytes / milliseconds) : 0,
    start_time: startedAt,
    layer_count: blobs,
    current_layer: blobsDone,
  };
}
