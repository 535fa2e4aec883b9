import type { Descriptor } from "../../manifest/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { formatBytes } from "../format.ts";
import { parseRegistryArgument } from "../image_argument.ts";
import { openClient } from "../open_client.ts";
import { REGISTRY_OPTIONS } from "../options.ts";
import { formatTable } from "../table.ts";

/** `tidegate referrers`. */
export const command: Command = {
  name: "referrers",
  summary: "List what refers to an image: signatures, SBOMs, attestations",
  usage: "<image>",
  details: "Where the registry has no such list, the fallback tag is read.",
  examples: [
    { does: "everything", line: "tidegate referrers ghcr.io/acme/app:v1" },
    {
      does: "SBOMs alone",
      line: "tidegate referrers ghcr.io/acme/app:v1 --artifact-type application/spdx+json",
    },
  ],
  options: [
    { flags: "--artifact-type <type>", summary: "only those of this type" },
    ...REGISTRY_OPTIONS,
  ],
  run,
};

async function run(context: CommandContext): Promise<void> {
  const { options, output, signal } = context;
  const reference = parseRegistryArgument(context.arg(0));
  const { registry } = await openClient(context, reference.registry);
  const artifactType = options.text("artifact-type");
  const found: Descriptor[] = [];
  for await (const one of registry.referrers.list(reference, { artifactType, signal })) {
    found.push(one);
  }
  if (output.mode.json) return await output.json({ referrers: found });
  if (found.length === 0) return output.note("Nothing refers to it");
  await output.line(
    formatTable(
      found.map(({ digest, artifactType = "", size }) => [digest, artifactType, formatBytes(size)]),
    ),
  );
}
