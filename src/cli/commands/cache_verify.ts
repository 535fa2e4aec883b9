import { withCache } from "../cache.ts";
import type { Command, CommandContext } from "../command.ts";
import { EXIT } from "../exit_code.ts";
import { formatBytes } from "../format.ts";
import { CACHE_OPTIONS } from "../options.ts";

/** `tidegate cache verify`. */
export const command: Command = {
  name: "cache verify",
  summary: "Hash every blob of the cache",
  usage: "",
  details: "The exit code is 5 when a blob is wrong or missing.",
  examples: [
    { does: "look", line: "tidegate cache verify" },
    {
      does: "set wrong blobs aside, to pull them again",
      line: "tidegate cache verify --quarantine",
    },
  ],
  options: [
    { flags: "--quarantine", summary: "move wrong blobs away" },
    ...CACHE_OPTIONS,
  ],
  run,
};

async function run(context: CommandContext): Promise<number> {
  const { options, output, signal } = context;
  const quarantine = options.flag("quarantine");
  const report = await withCache(context, false, (cache) => cache.verify({ quarantine, signal }));
  const { blobs, bytes, corrupt, missing } = report;
  const isRight = corrupt.length === 0 && missing.length === 0;
  if (output.mode.json) await output.json({ ...report, isRight });
  else {
    for (const { digest, path, reason } of corrupt) output.warn(`${digest} ${reason}: ${path}`);
    for (const { digest } of missing) output.warn(`${digest} is missing`);
    await output.line(
      isRight
        ? `${blobs} blobs are right (${formatBytes(bytes)})`
        : `${corrupt.length} of ${blobs} blobs are wrong, ${missing.length} are missing`,
    );
    if (!isRight) {
      output.note(
        quarantine
          ? "Next: pull the images again"
          : "Next: 'tidegate cache verify --quarantine', then pull the images again",
      );
    }
  }
  return isRight ? EXIT.ok : EXIT.verification;
}
