import { formatReference } from "../../reference/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { parseRegistryArgument } from "../image_argument.ts";
import { openClient } from "../open_client.ts";
import { PLATFORM_OPTION, REGISTRY_OPTIONS } from "../options.ts";

/** `tidegate digest`. */
export const command: Command = {
  name: "digest",
  summary: "Print the digest of an image",
  usage: "<image>",
  details:
    "Asks without a pull, where the registry can. With --platform, the digest is that of the " +
    "platform's own manifest.",
  examples: [
    { does: "what a tag points to", line: "tidegate digest nginx:latest" },
    { does: "for one platform", line: "tidegate digest nginx --platform linux/arm64" },
  ],
  options: [
    PLATFORM_OPTION,
    { flags: "--full", summary: "print the whole reference with the digest" },
    ...REGISTRY_OPTIONS,
  ],
  run,
};

async function run(context: CommandContext): Promise<void> {
  const { options, output, signal } = context;
  const reference = parseRegistryArgument(context.arg(0));
  const { registry } = await openClient(context, reference.registry);
  const platform = options.text("platform");
  const { digest, mediaType, size } = platform === undefined
    ? await registry.manifests.head(reference, { signal })
    : await registry.manifests.get(reference, { platform, signal });
  const { tag: _, ...named } = { ...reference, digest };
  const image = formatReference(named);
  if (output.mode.json) await output.json({ image, digest, mediaType, size });
  else await output.line(options.flag("full") ? image : digest);
}
