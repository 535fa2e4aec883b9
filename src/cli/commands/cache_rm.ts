import { formatReference, parseReference } from "../../reference/mod.ts";
import { withCache } from "../cache.ts";
import type { Command, CommandContext } from "../command.ts";
import { EXIT } from "../exit_code.ts";
import { formatBytes } from "../format.ts";
import { CACHE_OPTIONS } from "../options.ts";
import { UsageError } from "../usage_error.ts";

/** `tidegate cache rm`. */
export const command: Command = {
  name: "cache rm",
  summary: "Remove images from the cache, and what only they need",
  usage: "[images...]",
  examples: [
    { does: "one image", line: "tidegate cache rm nginx:latest" },
    { does: "everything", line: "tidegate cache rm --all" },
  ],
  options: [
    { flags: "--all", summary: "every image" },
    { flags: "--keep-blobs", summary: "remove the names alone; 'tidegate cache gc' does the rest" },
    ...CACHE_OPTIONS,
  ],
  run,
};

async function run(context: CommandContext): Promise<number> {
  const { args, options, output } = context;
  if ((args.length > 0) === options.flag("all")) {
    throw new UsageError("Name images, or use --all");
  }
  const wanted = args.map((word) => formatReference(parseReference(word.replace(/^cache:/, ""))));
  return await withCache(context, false, async (cache) => {
    const entries = await cache.names();
    const names = options.flag("all") ? entries.flatMap(({ name }) => name ?? []) : wanted;
    let missing = 0;
    for (const name of names) {
      const isGone = await cache.untag(name);
      if (!isGone) missing++;
      if (output.mode.json) await output.json({ type: isGone ? "removed" : "missing", name });
      else if (isGone) await output.line(`Removed ${name}`);
      else output.warn(`${name} is not in the cache; 'tidegate cache ls' lists what is`);
    }
    if (!options.flag("keep-blobs")) {
      const report = await cache.gc();
      if (output.mode.json) await output.json({ type: "collected", ...report });
      else output.note(`Freed ${formatBytes(report.bytes)} in ${report.blobs} blobs`);
    }
    return missing > 0 ? EXIT.notFound : EXIT.ok;
  });
}
