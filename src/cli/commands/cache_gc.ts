import { withCache } from "../cache.ts";
import type { Command, CommandContext } from "../command.ts";
import { formatBytes } from "../format.ts";
import { CACHE_OPTIONS } from "../options.ts";

const DAY_MS = 86_400_000;

/** `tidegate cache gc`. */
export const command: Command = {
  name: "cache gc",
  summary: "Delete what no image of the cache needs",
  usage: "",
  details:
    "What other processes are writing is spared. Parts of interrupted pulls stay for a week, so " +
    "that they can be continued.",
  examples: [
    { does: "free what can be freed", line: "tidegate cache gc" },
    { does: "only look", line: "tidegate cache gc --dry-run" },
    { does: "drop interrupted pulls, too", line: "tidegate cache gc --partial-days 0" },
  ],
  options: [
    { flags: "-n, --dry-run", summary: "delete nothing" },
    { flags: "--partial-days <days>", summary: "age at which unfinished blobs go (default: 7)" },
    ...CACHE_OPTIONS,
  ],
  run,
};

async function run(context: CommandContext): Promise<void> {
  const { options, output } = context;
  const dryRun = options.flag("dry-run");
  const days = options.number("partial-days", 0, 36_500);
  const report = await withCache(
    context,
    false,
    (cache) => cache.gc({ dryRun, ...(days !== undefined && { partialAgeMs: days * DAY_MS }) }),
  );
  if (output.mode.json) return await output.json({ ...report, dryRun });
  const { blobs, bytes, partials } = report;
  const verb = dryRun ? "Would free" : "Freed";
  await output.line(`${verb} ${formatBytes(bytes)}: ${blobs} blobs, ${partials} unfinished`);
}
