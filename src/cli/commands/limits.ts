import { parseReference } from "../../reference/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { formatTime } from "../format.ts";
import { parseRegistryArgument } from "../image_argument.ts";
import { openClient } from "../open_client.ts";
import { REGISTRY_OPTIONS } from "../options.ts";
import { formatTable } from "../table.ts";

/** The image by which Docker lets anybody ask for the limit. */
const PREVIEW = "docker.io/ratelimitpreview/test:latest";

/** `tidegate limits`. */
export const command: Command = {
  name: "limits",
  summary: "Show how many pulls a registry still allows",
  usage: "[image]",
  details:
    "Asks by a HEAD of the image's manifest, which counts as no pull. The default is the image " +
    "that Docker Hub has for it.",
  examples: [
    { does: "Docker Hub, as whom docker is logged in", line: "tidegate limits" },
    { does: "another registry", line: "tidegate limits registry.example.com/app:v1 --json" },
  ],
  options: REGISTRY_OPTIONS,
  run,
};

async function run(context: CommandContext): Promise<void> {
  const { output, signal } = context;
  const reference = parseRegistryArgument(context.args[0] ?? PREVIEW);
  const { registry } = await openClient(context, reference.registry);
  const limit = await registry.rateLimit(reference, { signal });
  const host = parseReference(`${reference.registry}/x`).registry;
  if (output.mode.json) return await output.json({ registry: host, limited: !!limit, ...limit });
  if (limit === undefined) return await output.line(`${host} tells of no limit`);
  const { limit: most, remaining, resetAt, authenticated } = limit;
  await output.line(formatTable([
    ["Registry", host],
    ["Logged in", authenticated ? "yes" : "no"],
    ["Pulls left", `${remaining ?? "?"} of ${most ?? "?"}`],
    ...(resetAt === undefined ? [] : [["Window ends", `${formatTime(resetAt)} UTC at the latest`]]),
  ]));
}
