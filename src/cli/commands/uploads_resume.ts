import { tryParseReference } from "../../reference/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { parseCopyWords } from "../copy_words.ts";
import { assertOneRegistry } from "../credentials.ts";
import { EXIT } from "../exit_code.ts";
import { parseImageArgument, parseRegistryArgument } from "../image_argument.ts";
import { openClient } from "../open_client.ts";
import { CACHE_OPTIONS, REGISTRY_OPTIONS } from "../options.ts";
import { reportPart } from "../report_part.ts";
import { TRANSFER_OPTIONS } from "../transfer.ts";
import { transferImage } from "../transfer_image.ts";
import { findUploads, SYNC_SOURCE, uploadName, uploadRecords } from "../upload_store.ts";

/** `tidegate uploads resume`. */
export const command: Command = {
  name: "uploads resume",
  summary: "Continue uploads that were interrupted, and their copies",
  usage: "[uploads...]",
  details:
    "Each copy is run again with the options that decide what is copied. Without a name, all that " +
    "are waiting. Those of a sync are left to the same sync. One copy's failure does not " +
    "end the others; the first one is the exit code.",
  examples: [
    { does: "all of them", line: "tidegate uploads resume" },
    { does: "one", line: "tidegate uploads resume localhost:5000/app@sha256:…" },
  ],
  options: [...TRANSFER_OPTIONS, ...CACHE_OPTIONS, ...REGISTRY_OPTIONS],
  run,
};

async function run(context: CommandContext): Promise<number> {
  const { args, output } = context;
  const found = await findUploads(uploadRecords(context), args);
  const waiting = found.filter(({ source }) => source !== SYNC_SOURCE);
  for (const upload of found) {
    if (waiting.includes(upload)) continue;
    output.warn(`${uploadName(upload)} is of a sync: to continue it, run the same sync again`);
  }
  const copies = new Map(
    waiting.map(({ destination, source }) => [`${source} ${destination}`, { destination, source }]),
  );
  if (copies.size === 0 && found.length > 0) return args.length === 0 ? EXIT.ok : EXIT.failed;
  if (copies.size === 0) {
    output.note("No upload is waiting");
    return args.length === 0 ? EXIT.ok : EXIT.notFound;
  }
  const registries = [...copies.values()].map((copy) => tryParseReference(copy.destination));
  assertOneRegistry(context, registries.map((reference) => reference?.registry));
  let code: number = EXIT.ok;
  for (const { destination, source } of copies.values()) {
    try {
      await resume(context, source, destination);
    } catch (error) {
      const failed = await reportPart(
        context,
        `${source} -> ${destination} was not resumed`,
        error,
      );
      code ||= failed;
    }
  }
  return code;
}

async function resume(context: CommandContext, from: string, to: string): Promise<void> {
  const reference = parseRegistryArgument(to);
  const { name, options } = parseCopyWords(from);
  const client = await openClient(context, reference.registry);
  const names = { verb: "Pushed", image: to };
  const route = { from: parseImageArgument(name), to: { kind: "registry", reference } as const };
  await transferImage(context, client, { ...names, ...route }, options);
}
