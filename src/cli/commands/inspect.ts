import type { PulledManifest } from "../../client/mod.ts";
import { parseJson } from "../../core/mod.ts";
import { formatPlatform, type ImageManifest, isAttestation } from "../../manifest/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { formatBytes } from "../format.ts";
import { withImage } from "../open_image.ts";
import { CACHE_OPTIONS, PLATFORM_OPTION, REGISTRY_OPTIONS } from "../options.ts";
import {
  type ImageConfig,
  type ImageReader,
  readImageConfig,
  readPlatformImage,
} from "../read_image.ts";
import { formatTable } from "../table.ts";

/** `tidegate inspect`. */
export const command: Command = {
  name: "inspect",
  summary: "Show what an image is: digest, platforms, layers, config",
  usage: "<image>",
  details:
    "Of an image for several platforms, the list is shown, and then the one for --platform or " +
    "for linux/amd64. Layers are not pulled. Environment variables are shown as they were built in.",
  examples: [
    { does: "for people", line: "tidegate inspect nginx" },
    { does: "for programs", line: "tidegate inspect nginx --platform linux/arm64 --json" },
    { does: "in the cache", line: "tidegate inspect cache:nginx" },
  ],
  options: [PLATFORM_OPTION, ...REGISTRY_OPTIONS, ...CACHE_OPTIONS],
  run,
};

async function run(context: CommandContext): Promise<void> {
  await withImage(context, context.arg(0), (reader) => show(context, reader));
}

async function show({ options, output }: CommandContext, reader: ImageReader): Promise<void> {
  const root = await reader.root();
  const image = await findImage(reader, root, options.text("platform"));
  const config = image && await readImageConfig(reader, image.manifest);
  if (output.mode.json) return await output.json(jsonOf(reader.name, root, image, config), true);
  const parts = [
    headOf(reader.name, root),
    ...(root.manifest.kind === "index" ? [platformsOf(root)] : []),
    ...(image === undefined ? [] : [imageOf(image), layersOf(image)]),
    ...(config === undefined ? [] : [configOf(config)]),
  ];
  await output.line(parts.filter((part) => part !== "").join("\n\n"));
}

type Image = PulledManifest & { readonly manifest: ImageManifest };

/** An index without the usual platform is no reason to fail, unless a platform was asked for. */
async function findImage(
  reader: ImageReader,
  root: PulledManifest,
  platform: string | undefined,
): Promise<Image | undefined> {
  const { manifest } = root;
  const hasUsual = manifest.kind === "image" || platform !== undefined ||
    manifest.manifests.filter((entry) => !isAttestation(entry)).length === 1 ||
    manifest.manifests.some(({ platform: own }) =>
      own?.os === "linux" && own.architecture === "amd64"
    );
  return hasUsual ? await readPlatformImage(reader, root, platform) : undefined;
}

function headOf(name: string, { digest, manifest, mediaType, size }: PulledManifest): string {
  return formatTable([
    ["Image", name],
    ["Digest", digest],
    ["Media type", mediaType],
    ["Size of it", formatBytes(size)],
    ...(manifest.artifactType === undefined ? [] : [["Artifact", manifest.artifactType]]),
    ...(manifest.subject === undefined ? [] : [["Refers to", manifest.subject.digest]]),
    ...Object.entries(manifest.annotations ?? {}).map(([key, text]) => [key, text]),
  ]);
}

function platformsOf({ manifest }: PulledManifest): string {
  if (manifest.kind === "image") return "";
  const rows = manifest.manifests.map((entry) => [
    entry.platform === undefined
      ? "(none)"
      : isAttestation(entry)
      ? "(attestation)"
      : formatPlatform(entry.platform),
    entry.digest,
    formatBytes(entry.size),
  ]);
  return formatTable([["PLATFORM", "DIGEST", "MANIFEST"], ...rows]);
}

function imageOf({ descriptor, digest, manifest }: Image): string {
  if (descriptor === undefined) return "";
  const { platform } = descriptor;
  return formatTable([
    ["Shown", platform === undefined ? "the only image" : formatPlatform(platform)],
    ["Digest", digest],
    ["Config", manifest.config.digest],
  ]);
}

function layersOf({ manifest: { layers } }: Image): string {
  const total = layers.reduce((sum, { size }) => sum + size, 0);
  const rows = layers.map(({ digest, mediaType, size }, i) => [
    `${i + 1}/${layers.length}`,
    digest,
    formatBytes(size),
    mediaType,
  ]);
  return formatTable([
    ["LAYER", "DIGEST", "SIZE", "MEDIA TYPE"],
    ...rows,
    ["total", "", formatBytes(total)],
  ]);
}

function configOf(config: ImageConfig): string {
  const words = (list: readonly string[] | undefined): string | undefined =>
    list?.length ? JSON.stringify(list) : undefined;
  const rows: (readonly [string, string | undefined])[] = [
    ["Created", config.created],
    ["User", config.user],
    ["Directory", config.workingDirectory],
    ["Entrypoint", words(config.entrypoint)],
    ["Command", words(config.command)],
    ["Ports", config.ports.join(", ") || undefined],
    ["Volumes", config.volumes.join(", ") || undefined],
    ...config.environment.map((line) => ["Variable", line] as const),
    ...Object.entries(config.labels).map(([key, label]) => ["Label", `${key}=${label}`] as const),
  ];
  return formatTable(rows.flatMap(([key, value]) => value === undefined ? [] : [[key, value]]));
}

function jsonOf(
  name: string,
  root: PulledManifest,
  image: Image | undefined,
  config: ImageConfig | undefined,
): Readonly<Record<string, unknown>> {
  const { digest, manifest, mediaType, size } = root;
  return {
    ...{ image: name, digest, mediaType, size },
    manifest: parseJson(manifest.raw),
    ...(image !== undefined && image.digest !== digest && {
      platform: image.descriptor?.platform && formatPlatform(image.descriptor.platform),
      platformDigest: image.digest,
      platformManifest: parseJson(image.bytes),
    }),
    ...(config && { config }),
  };
}
