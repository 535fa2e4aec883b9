import { formatReference } from "../../reference/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { parseImageArgument, parseRegistryArgument } from "../image_argument.ts";
import { openClient } from "../open_client.ts";
import { CACHE_OPTIONS, REGISTRY_OPTIONS } from "../options.ts";
import { COMPANION_OPTIONS, companionOptions, TRANSFER_OPTIONS } from "../transfer.ts";
import { transferImage } from "../transfer_image.ts";

/** `tidegate push`. */
export const command: Command = {
  name: "push",
  summary: "Push an image out of the cache",
  usage: "<image> [target]",
  details:
    "The image is one that was pulled: where it came from is not asked again. It may also be " +
    "an oci:, oci-archive: or docker-archive: image. Without a target it goes back to where it came " +
    "from. What was interrupted goes on where it stopped when the same command is run again.",
  examples: [
    { does: "to a registry of one's own", line: "tidegate push nginx localhost:5000/nginx:latest" },
    {
      does: "with a password from a file",
      line: "tidegate push nginx r.example/nginx:1 -u ann --password-stdin < token.txt",
    },
    { does: "what docker saved", line: "tidegate push docker-archive:app.tar ghcr.io/acme/app:v1" },
  ],
  options: [
    { flags: "--tag <tag>", summary: "one more tag for it" },
    ...COMPANION_OPTIONS,
    ...TRANSFER_OPTIONS,
    ...CACHE_OPTIONS,
    ...REGISTRY_OPTIONS,
  ],
  run,
};

async function run(context: CommandContext): Promise<void> {
  const image = parseImageArgument(context.arg(0));
  const from = image.kind === "registry" ? { ...image, kind: "cache" as const } : image;
  const reference = parseRegistryArgument(context.args[1] ?? context.arg(0).replace(/^cache:/, ""));
  const client = await openClient(context, reference.registry);
  const copy = { tags: context.options.list("tag"), ...companionOptions(context) };
  const names = { verb: "Pushed", image: formatReference(reference) };
  const to = { kind: "registry", reference } as const;
  await transferImage(context, client, { ...names, from, to }, copy);
}
