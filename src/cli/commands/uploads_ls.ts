import type { ListedUpload } from "../../copy/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { formatBytes, formatTime } from "../format.ts";
import { CACHE_OPTIONS } from "../options.ts";
import { formatTable } from "../table.ts";
import { uploadName, uploadRecords } from "../upload_store.ts";

/** `tidegate uploads ls`. */
export const command: Command = {
  name: "uploads ls",
  summary: "List uploads that were interrupted",
  usage: "",
  details:
    "The same command that began them continues them, and so does 'tidegate uploads resume' " +
    "for all but those of a sync.",
  examples: [{ does: "what is unfinished", line: "tidegate uploads ls" }],
  options: CACHE_OPTIONS,
  run,
};

async function run(context: CommandContext): Promise<void> {
  const { output } = context;
  const uploads = await uploadRecords(context).list();
  if (output.mode.json) return await output.json({ uploads: uploads.map(factsOf) });
  if (uploads.length === 0) return output.note("No upload was interrupted");
  const rows = uploads.map((upload) => {
    const { destination, isRunning, offset, size, source, startedAt } = factsOf(upload);
    return [
      uploadName(upload),
      `${formatBytes(offset)} / ${size === undefined ? "?" : formatBytes(size)}`,
      isRunning ? "running" : "waiting",
      formatTime(startedAt),
      `${source} -> ${destination}`,
    ];
  });
  await output.line(formatTable([["UPLOAD", "SENT", "STATE", "STARTED", "COPY"], ...rows]));
}

/** What may be shown of an upload: not its address, which is a secret. */
function factsOf({ destination, isRunning, record, source, startedAt, updatedAt }: ListedUpload): {
  readonly registry: string;
  readonly repository: string;
  readonly digest: string | undefined;
  readonly offset: number;
  readonly size: number | undefined;
  readonly source: string;
  readonly destination: string;
  readonly startedAt: number;
  readonly updatedAt: number;
  readonly isRunning: boolean;
} {
  const { digest, offset, registry, repository, size } = record;
  return {
    ...{ registry, repository, digest, offset, size, source, destination },
    ...{ startedAt, updatedAt, isRunning },
  };
}
