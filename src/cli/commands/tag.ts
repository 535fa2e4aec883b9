import { formatReference, parseTag } from "../../reference/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { parseRegistryArgument } from "../image_argument.ts";
import { openClient } from "../open_client.ts";
import { REGISTRY_OPTIONS } from "../options.ts";

/** `tidegate tag`. */
export const command: Command = {
  name: "tag",
  summary: "Give an image of a registry more tags",
  usage: "<image> <tags...>",
  details: "Nothing but the manifest moves. The tags are of the same repository.",
  examples: [
    { does: "promote a release", line: "tidegate tag ghcr.io/acme/app:v1.4.2 v1.4 v1 latest" },
  ],
  options: REGISTRY_OPTIONS,
  run,
};

async function run(context: CommandContext): Promise<void> {
  const { output, signal } = context;
  const reference = parseRegistryArgument(context.arg(0));
  const tags = context.args.slice(1).map(parseTag);
  const { registry } = await openClient(context, reference.registry);
  const { registry: host, repository } = reference;
  let digest = "";
  for (const tag of tags) {
    ({ digest } = await registry.tags.put(reference, tag, { signal }));
    const image = formatReference({ registry: host, repository, tag });
    if (!output.mode.json) await output.line(`${image} is ${digest}`);
  }
  if (output.mode.json) await output.json({ registry: host, repository, digest, tags });
}
