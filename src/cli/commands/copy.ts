import type { Command, CommandContext } from "../command.ts";
import { formatImageArgument, type ImageArgument, parseImageArgument } from "../image_argument.ts";
import { openClient } from "../open_client.ts";
import { CACHE_OPTIONS, PLATFORM_OPTION, REGISTRY_OPTIONS } from "../options.ts";
import { COMPANION_OPTIONS, companionOptions, TRANSFER_OPTIONS } from "../transfer.ts";
import { transferImage } from "../transfer_image.ts";

/** `tidegate copy`. */
export const command: Command = {
  name: "copy",
  summary: "Copy an image between registries, layouts, archives and the cache",
  usage: "<source> <destination>",
  details:
    "All platforms are copied, byte for byte, unless --platform asks for one. What is there " +
    "is not sent; within a registry blobs are mounted. --username is for the destination's registry, " +
    "or else for the source's. What was interrupted goes on where it stopped when the same command " +
    "is run again.",
  examples: [
    { does: "between registries", line: "tidegate copy nginx:1.27 localhost:5000/nginx:1.27" },
    {
      does: "with signatures and SBOMs",
      line: "tidegate copy ghcr.io/acme/app:v1 r.example/app:v1 --referrers --digest-tags",
    },
    { does: "into an archive", line: "tidegate copy nginx docker-archive:nginx.tar:nginx:latest" },
    { does: "into a layout", line: "tidegate copy nginx oci:./images:nginx" },
  ],
  options: [
    PLATFORM_OPTION,
    {
      flags: "--sparse",
      summary: "of several platforms: write an index that lists more than is there",
    },
    { flags: "--tag <tag>", summary: "one more tag at the destination" },
    ...COMPANION_OPTIONS,
    ...TRANSFER_OPTIONS,
    ...CACHE_OPTIONS,
    ...REGISTRY_OPTIONS,
  ],
  run,
};

async function run(context: CommandContext): Promise<void> {
  const { options } = context;
  const [from, to] = [parseImageArgument(context.arg(0)), parseImageArgument(context.arg(1))];
  const client = await openClient(context, registryOf(to) ?? registryOf(from));
  // `docker load` takes one image, so the others need not travel
  const usual = to.kind === "docker-archive" ? ["linux/amd64"] : [];
  const platforms = options.list("platform").length > 0 ? options.list("platform") : usual;
  const copy = {
    ...(platforms.length > 0 && { platforms }),
    sparse: options.flag("sparse"),
    tags: options.list("tag"),
    ...companionOptions(context),
  };
  const names = { verb: `Copied ${formatImageArgument(from)} to`, image: formatImageArgument(to) };
  await transferImage(context, client, { ...names, from, to }, copy);
}

function registryOf(image: ImageArgument): string | undefined {
  return image.kind === "registry" ? image.reference.registry : undefined;
}
