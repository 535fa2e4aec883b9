import { formatReference, parseDigest, type Reference } from "../../reference/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { parseRegistryArgument } from "../image_argument.ts";
import { openClient } from "../open_client.ts";
import { REGISTRY_OPTIONS } from "../options.ts";
import { UsageError } from "../usage_error.ts";
import { openResult } from "../write_result.ts";

/** `tidegate blob`. */
export const command: Command = {
  name: "blob",
  summary: "Print a blob, verified",
  usage: "<image> [digest]",
  details:
    "A file appears only when all its bytes were verified. On standard output the last bytes " +
    "are held back until then, and the exit code says whether they came. Broken connections are " +
    "continued.",
  examples: [
    { does: "a layer into a file", line: "tidegate blob alpine@sha256:… --output layer.tar.gz" },
    { does: "only whether it is there", line: "tidegate blob ghcr.io/acme/app sha256:… --head" },
  ],
  options: [
    { flags: "-o, --output <file>", summary: "write to this file; - is standard output" },
    { flags: "--head", summary: "print digest and size alone" },
    ...REGISTRY_OPTIONS,
  ],
  run,
};

async function run(context: CommandContext): Promise<void> {
  const { options, output, signal } = context;
  const reference = parseRegistryArgument(context.arg(0));
  const digest = digestOf(reference, context.args[1]);
  const { registry } = await openClient(context, reference.registry);
  if (options.flag("head")) {
    const head = await registry.blobs.head(reference, digest, { signal });
    if (output.mode.json) await output.json(head);
    else await output.line(`${head.digest}  ${head.size ?? "?"}`);
    return;
  }
  const sink = await openResult(context, true);
  try {
    const blob = await registry.blobs.get(reference, digest, { signal });
    await blob.pipeTo({
      write: (chunk) => sink.write(chunk),
      close: () => sink.close(),
      abort: () => sink.abort(),
    });
  } catch (error) {
    await sink.abort();
    throw error;
  }
  const path = options.text("output") ?? "-";
  if (path !== "-") output.note(`${formatReference({ ...reference, digest })} is in ${path}`);
}

function digestOf(reference: Reference, word: string | undefined): ReturnType<typeof parseDigest> {
  const digest = word === undefined ? reference.digest : parseDigest(word);
  if (digest !== undefined) return digest;
  throw new UsageError("The command needs a digest: IMAGE@DIGEST, or IMAGE DIGEST");
}
