import { MAX_MANIFEST_BYTES, parseJson } from "../../core/mod.ts";
import { formatReference } from "../../reference/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { readStdin } from "../credentials.ts";
import { parseRegistryArgument } from "../image_argument.ts";
import { openClient } from "../open_client.ts";
import { PLATFORM_OPTION, REGISTRY_OPTIONS } from "../options.ts";
import { UsageError } from "../usage_error.ts";
import { openResult } from "../write_result.ts";

/** `tidegate manifest`. */
export const command: Command = {
  name: "manifest",
  summary: "Print a manifest, byte for byte",
  usage: "<image>",
  details:
    "What is printed has the digest that was asked for; on a terminal, control characters in it " +
    "are shown, not sent, unless --output - asks for the bytes. With --put, a file is pushed as the " +
    "image's manifest, byte for byte; what it lists must be in the repository.",
  examples: [
    { does: "of all platforms", line: "tidegate manifest alpine:3.20" },
    {
      does: "of one platform, into a file",
      line: "tidegate manifest alpine --platform arm64 -o m.json",
    },
    { does: "push a manifest", line: "tidegate manifest localhost:5000/app:v1 --put m.json" },
  ],
  options: [
    PLATFORM_OPTION,
    { flags: "-o, --output <file>", summary: "write to this file" },
    { flags: "--put <file>", summary: "push this file instead; - is standard input" },
    {
      flags: "--media-type <type>",
      summary: "with --put: the media type, where the file names none",
    },
    ...REGISTRY_OPTIONS,
  ],
  run,
};

async function run(context: CommandContext): Promise<void> {
  const { options, output, signal } = context;
  const reference = parseRegistryArgument(context.arg(0));
  const { registry } = await openClient(context, reference.registry);
  const file = options.text("put");
  if (file !== undefined) {
    const mediaType = options.text("media-type");
    const bytes = await readInput(context, file);
    const pushed = await registry.manifests.put(reference, bytes, { mediaType, signal });
    const image = formatReference(reference);
    if (output.mode.json) await output.json({ image, ...pushed });
    else await output.line(pushed.digest);
    return;
  }
  const platform = options.text("platform");
  const pulled = await registry.manifests.get(reference, { platform, signal });
  if (output.mode.json) {
    const { digest, mediaType, size, bytes } = pulled;
    await output.json({ digest, mediaType, size, manifest: parseJson(bytes) });
    return;
  }
  await printBytes(context, pulled.bytes);
}

/** As they are, but on a terminal that nobody named: as a text that can do nothing there. */
async function printBytes(context: CommandContext, bytes: Uint8Array): Promise<void> {
  const { host, options, output } = context;
  if (options.text("output") === undefined && host.stdout.isTerminal) {
    return await output.line(new TextDecoder().decode(bytes));
  }
  const sink = await openResult(context, false);
  try {
    await sink.write(bytes);
    await sink.close();
  } catch (error) {
    await sink.abort();
    throw error;
  }
}

async function readInput(context: CommandContext, path: string): Promise<Uint8Array> {
  if (path === "-") return await readStdin(context.host, MAX_MANIFEST_BYTES);
  const bytes = await context.host.files.read(path, MAX_MANIFEST_BYTES);
  if (bytes === undefined) throw new UsageError(`There is no file ${path}`);
  return bytes;
}
