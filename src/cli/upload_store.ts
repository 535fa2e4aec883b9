import type { ListedUpload, SavedUpload, UploadRecords } from "../copy/mod.ts";
import { fileUploadRecords } from "../copy/upload_records_node.ts";
import { cacheDirectory } from "./cache.ts";
import type { CommandContext } from "./command.ts";

/** Source of what a sync uploads: its rule says what goes under which tag, and no record has that. */
export const SYNC_SOURCE = "(sync)";

/** Where uploads leave what the next run needs to continue them: beside the cache, not in it. */
export function uploadDirectory(context: CommandContext): string {
  return `${cacheDirectory(context)}-uploads`;
}

/**
 * The records of uploads that were interrupted.
 *
 * @param source What new ones say of their source, instead of what the copy says.
 */
export function uploadRecords(context: CommandContext, source?: string): UploadRecords {
  const records = fileUploadRecords(uploadDirectory(context), context.clock);
  if (source === undefined) return records;
  return {
    ...records,
    claim: (target, digest, names) => records.claim(target, digest, { ...names, source }),
  };
}

/** An upload as the command line names it: `REGISTRY/REPOSITORY@DIGEST`. */
export function uploadName({ record }: Pick<SavedUpload, "record">): string {
  return `${record.registry}/${record.repository}@${record.digest ?? "?"}`;
}

/** Those that wait, all or by name; a name may be a digest alone, or the beginning of one. */
export async function findUploads(
  records: UploadRecords,
  names: readonly string[],
): Promise<readonly ListedUpload[]> {
  const waiting = (await records.list()).filter(({ isRunning }) => !isRunning);
  if (names.length === 0) return waiting;
  return waiting.filter((upload) =>
    names.some((name) =>
      name === uploadName(upload) ||
      (name.length >= 12 && (upload.record.digest ?? "").startsWith(name))
    )
  );
}
