import type { Command, CommandContext } from "../command.ts";
import { assertOneRegistry } from "../credentials.ts";
import { EXIT } from "../exit_code.ts";
import { openClient } from "../open_client.ts";
import { CACHE_OPTIONS, REGISTRY_OPTIONS } from "../options.ts";
import { reportPart } from "../report_part.ts";
import { findUploads, uploadName, uploadRecords } from "../upload_store.ts";
import { UsageError } from "../usage_error.ts";

/** `tidegate uploads cancel`. */
export const command: Command = {
  name: "uploads cancel",
  summary: "Give up uploads that were interrupted",
  usage: "[uploads...]",
  details:
    "The registry is told to drop what it has of them; what it does not drop is kept in the list. " +
    "Those that run are left alone.",
  examples: [
    { does: "one", line: "tidegate uploads cancel localhost:5000/app@sha256:…" },
    { does: "all of them", line: "tidegate uploads cancel --all" },
  ],
  options: [{ flags: "--all", summary: "every one" }, ...CACHE_OPTIONS, ...REGISTRY_OPTIONS],
  run,
};

async function run(context: CommandContext): Promise<number> {
  const { args, options, output, signal } = context;
  if ((args.length > 0) === options.flag("all")) throw new UsageError("Name uploads, or use --all");
  const records = uploadRecords(context);
  const found = await findUploads(records, args);
  assertOneRegistry(context, found.map(({ record }) => record.registry));
  const { registry } = await openClient(context, found[0]?.record.registry);
  let code: number = EXIT.ok;
  for (const upload of found) {
    const { record } = upload;
    try {
      await registry.blobs.cancelUpload(record, { signal }); // one that is gone long since is dropped
    } catch (error) {
      const what = `The registry did not drop ${uploadName(upload)}, so its record is kept`;
      const failed = await reportPart(context, what, error);
      code ||= failed;
      continue;
    }
    await records.remove(record, record.digest ?? "");
    if (output.mode.json) await output.json({ type: "cancelled", upload: uploadName(upload) });
    else await output.line(`Cancelled ${uploadName(upload)}`);
  }
  if (found.length === 0) output.warn("There is no such upload; 'tidegate uploads ls' lists them");
  return found.length === 0 && args.length > 0 ? EXIT.notFound : code;
}
