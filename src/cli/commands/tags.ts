import type { Command, CommandContext } from "../command.ts";
import { parseRegistryArgument } from "../image_argument.ts";
import { openClient } from "../open_client.ts";
import { REGISTRY_OPTIONS } from "../options.ts";

/** `tidegate tags`. */
export const command: Command = {
  name: "tags",
  summary: "List the tags of a repository",
  usage: "<repository>",
  details: "In the registry's order, page by page.",
  examples: [
    { does: "all of them", line: "tidegate tags ghcr.io/acme/app" },
    { does: "the first ten", line: "tidegate tags nginx --limit 10" },
  ],
  options: [
    { flags: "--limit <number>", summary: "stop after so many" },
    { flags: "--last <tag>", summary: "start behind this tag" },
    ...REGISTRY_OPTIONS,
  ],
  run,
};

async function run(context: CommandContext): Promise<void> {
  const { options, output, signal } = context;
  const { registry: host, repository } = parseRegistryArgument(context.arg(0));
  const limit = options.number("limit", 1) ?? Infinity;
  const { registry } = await openClient(context, host);
  const tags: string[] = [];
  const listed = registry.tags.list({ registry: host, repository }, {
    last: options.text("last"),
    pageSize: limit < 1000 ? limit : undefined,
    signal,
  });
  for await (const tag of listed) {
    tags.push(tag);
    if (!output.mode.json) await output.line(tag);
    if (tags.length >= limit) break;
  }
  if (output.mode.json) await output.json({ registry: host, repository, tags });
}
