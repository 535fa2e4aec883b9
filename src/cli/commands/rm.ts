import { formatReference } from "../../reference/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { parseRegistryArgument } from "../image_argument.ts";
import { openClient } from "../open_client.ts";
import { REGISTRY_OPTIONS } from "../options.ts";

/** `tidegate rm`. */
export const command: Command = {
  name: "rm",
  summary: "Delete a tag, or a manifest with all its tags",
  usage: "<images...>",
  details:
    "IMAGE:TAG deletes the tag alone; IMAGE@DIGEST the manifest, and so every tag that points " +
    "to it. Blobs stay until the registry collects its garbage. For images of the cache see " +
    "'tidegate cache rm'.",
  examples: [
    { does: "a tag", line: "tidegate rm ghcr.io/acme/app:pr-17" },
    { does: "a manifest and all its tags", line: "tidegate rm ghcr.io/acme/app@sha256:…" },
    {
      does: "a tag where the registry deletes manifests alone",
      line: "tidegate rm localhost:5000/app:old --via-empty-manifest",
    },
  ],
  options: [
    { flags: "--manifest", summary: "of a tag: delete the manifest that it points to" },
    {
      flags: "--via-empty-manifest",
      summary: "where tags cannot be deleted: point the tag to an empty manifest and delete that",
    },
    ...REGISTRY_OPTIONS,
  ],
  run,
};

async function run(context: CommandContext): Promise<void> {
  const { options, output, signal } = context;
  const references = context.args.map(parseRegistryArgument);
  const { registry } = await openClient(context, references[0]?.registry);
  const viaEmptyManifest = options.flag("via-empty-manifest");
  for (const reference of references) {
    const { registry: host, repository } = reference;
    const digest = reference.digest ??
      (options.flag("manifest")
        ? (await registry.manifests.head(reference, { signal })).digest
        : undefined);
    if (digest === undefined) await registry.tags.delete(reference, { viaEmptyManifest, signal });
    else await registry.manifests.delete({ registry: host, repository, digest }, { signal });
    const image = formatReference(digest ? { registry: host, repository, digest } : reference);
    if (output.mode.json) await output.json({ type: "deleted", image });
    else await output.line(`Deleted ${image}`);
  }
}
