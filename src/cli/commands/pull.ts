import { formatReference } from "../../reference/mod.ts";
import { cacheDirectory } from "../cache.ts";
import type { Command, CommandContext } from "../command.ts";
import { parseRegistryArgument } from "../image_argument.ts";
import { openClient } from "../open_client.ts";
import { CACHE_OPTIONS, PLATFORM_OPTION, REGISTRY_OPTIONS } from "../options.ts";
import { COMPANION_OPTIONS, companionOptions, TRANSFER_OPTIONS } from "../transfer.ts";
import { transferImage } from "../transfer_image.ts";
import { UsageError } from "../usage_error.ts";

/** `tidegate pull`. */
export const command: Command = {
  name: "pull",
  summary: "Pull an image into the cache",
  usage: "<image>",
  details:
    "One platform is pulled: that of --platform, of TIDEGATE_PLATFORM, or linux/amd64. Every " +
    "blob is verified before it is in the cache. What was interrupted goes on where it stopped when " +
    "the same command is run again. The cache is an OCI image layout that other tools read.",
  examples: [
    { does: "from Docker Hub", line: "tidegate pull nginx" },
    {
      does: "for another platform",
      line: "tidegate pull ghcr.io/acme/app:v1 --platform linux/arm64",
    },
    {
      does: "all platforms, with signatures",
      line: "tidegate pull nginx --all-platforms --referrers",
    },
    { does: "events for a program", line: "tidegate pull nginx --json" },
  ],
  options: [
    PLATFORM_OPTION,
    { flags: "--all-platforms", summary: "pull the whole index" },
    ...COMPANION_OPTIONS,
    ...TRANSFER_OPTIONS,
    ...CACHE_OPTIONS,
    ...REGISTRY_OPTIONS,
  ],
  run,
};

async function run(context: CommandContext): Promise<void> {
  const { host, options } = context;
  const reference = parseRegistryArgument(context.arg(0));
  const platforms = options.list("platform");
  const isWhole = options.flag("all-platforms");
  if (isWhole && platforms.length > 0) {
    throw new UsageError("--platform and --all-platforms exclude each other");
  }
  const usual = host.env["TIDEGATE_PLATFORM"] || "linux/amd64";
  const client = await openClient(context, reference.registry);
  const copy = {
    ...(!isWhole && { platforms: platforms.length > 0 ? platforms : [usual] }),
    ...companionOptions(context),
  };
  const names = {
    verb: "Pulled",
    image: formatReference(reference),
    place: cacheDirectory(context),
  };
  const [from, to] = [{ kind: "registry", reference }, { kind: "cache", reference }] as const;
  await transferImage(context, client, { ...names, from, to }, copy);
}
