import type { PulledManifest } from "../../client/mod.ts";
import {
  formatPlatform,
  type ImageManifest,
  normalizePlatform,
  platforms,
} from "../../manifest/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { assertOneRegistry } from "../credentials.ts";
import { formatBytes } from "../format.ts";
import { parseImageArgument } from "../image_argument.ts";
import { withImage } from "../open_image.ts";
import { CACHE_OPTIONS, PLATFORM_OPTION, REGISTRY_OPTIONS } from "../options.ts";
import { type ImageConfig, readImageConfig, readPlatformImage } from "../read_image.ts";
import { formatTable } from "../table.ts";

/** `tidegate diff`. */
export const command: Command = {
  name: "diff",
  summary: "Compare two images: platforms, layers that they share, config",
  usage: "<image> <other>",
  details:
    "Compared are the images for --platform, by default linux/amd64. Layers are not pulled. " +
    "The exit code is 1 where the images differ and 0 where their digests are equal.",
  examples: [
    {
      does: "what a release changes",
      line: "tidegate diff ghcr.io/acme/app:v1 ghcr.io/acme/app:v2",
    },
    { does: "a copy with its source", line: "tidegate diff nginx localhost:5000/nginx --json" },
  ],
  options: [PLATFORM_OPTION, ...REGISTRY_OPTIONS, ...CACHE_OPTIONS],
  run,
};

/** One side of the comparison. */
interface Side {
  readonly name: string;
  readonly root: PulledManifest;
  readonly image: PulledManifest & { readonly manifest: ImageManifest };
  readonly config: ImageConfig | undefined;
}

/** What two images have in common, and what not. */
interface Difference {
  readonly equal: boolean;
  readonly platforms: { readonly removed: readonly string[]; readonly added: readonly string[] };
  readonly layers: {
    readonly shared: number;
    readonly sharedBytes: number;
    readonly removed: readonly LayerFacts[];
    readonly added: readonly LayerFacts[];
  };
  /** Key of the config, and its two values as text. */
  readonly config: readonly (readonly [key: string, before: string, after: string])[];
}

interface LayerFacts {
  readonly digest: string;
  readonly size: number;
}

async function run(context: CommandContext): Promise<number> {
  const { output } = context;
  const images = [context.arg(0), context.arg(1)].map(parseImageArgument);
  const remote = images.filter((image) => image.kind === "registry");
  assertOneRegistry(context, remote.map(({ reference }) => reference.registry));
  const [before, after] = [
    await readSide(context, context.arg(0)),
    await readSide(context, context.arg(1)),
  ];
  const difference = compare(before, after);
  if (output.mode.json) {
    const [a, b] = [before, after].map(({ name, root, image }) => ({
      ...{ image: name, digest: root.digest, platformDigest: image.digest },
    }));
    await output.json({ before: a, after: b, ...difference }, true);
  } else await output.line(textOf(before, after, difference));
  return difference.equal ? 0 : 1;
}

function readSide(context: CommandContext, word: string): Promise<Side> {
  return withImage(context, word, async (reader) => {
    const root = await reader.root();
    const image = await readPlatformImage(reader, root, context.options.text("platform"));
    const config = await readImageConfig(reader, image.manifest);
    return { name: reader.name, root, image, config };
  });
}

function compare(before: Side, after: Side): Difference {
  const [old, now] = [before, after].map(platformsOf);
  const [removed, added] = apart(old ?? [], now ?? [], (one) => one);
  const layers = [before, after].map(({ image }) =>
    image.manifest.layers.map(({ digest, size }) => ({ digest, size }))
  );
  const [gone, fresh] = apart(layers[0] ?? [], layers[1] ?? [], ({ digest }) => digest);
  const shared = (layers[0] ?? []).filter((one) => !gone.includes(one));
  return {
    equal: before.root.digest === after.root.digest,
    platforms: { removed, added },
    layers: {
      shared: shared.length,
      sharedBytes: shared.reduce((sum, { size }) => sum + size, 0),
      removed: gone,
      added: fresh,
    },
    config: compareConfigs(before.config, after.config),
  };
}

/** Those of an index; of an image the one that its config names. */
function platformsOf({ config, root }: Side): readonly string[] {
  if (root.manifest.kind === "index") return platforms(root.manifest).map(formatPlatform);
  const { architecture, os, variant } = config ?? {};
  if (os === undefined || architecture === undefined) return [];
  return [formatPlatform(normalizePlatform({ os, architecture, ...(variant && { variant }) }))];
}

/** What only the first has, and what only the second has. */
function apart<T>(a: readonly T[], b: readonly T[], keyOf: (one: T) => string): [T[], T[]] {
  const keys = [a, b].map((list) => new Set(list.map(keyOf)));
  return [
    a.filter((one) => !keys[1]?.has(keyOf(one))),
    b.filter((one) => !keys[0]?.has(keyOf(one))),
  ];
}

function compareConfigs(
  before: ImageConfig | undefined,
  after: ImageConfig | undefined,
): Difference["config"] {
  const [old, now] = [flatten(before), flatten(after)];
  return [...new Set([...old.keys(), ...now.keys()])]
    .map((key) => [key, old.get(key) ?? "", now.get(key) ?? ""] as const)
    .filter(([, a, b]) => a !== b);
}

/** Variables and labels by name, all else by key. */
function flatten(config: ImageConfig | undefined): ReadonlyMap<string, string> {
  const { environment = [], labels = {}, ...others } = config ?? {};
  const variables = environment.map((line) => {
    const [name = "", ...value] = line.split("=");
    return [`variable ${name}`, value.join("=")] as const;
  });
  const plain = Object.entries(others).map(([key, value]) =>
    [key, typeof value === "string" ? value : JSON.stringify(value ?? "")] as const
  );
  const labelled = Object.entries(labels).map(([key, value]) => [`label ${key}`, value] as const);
  return new Map([...plain, ...variables, ...labelled]);
}

function textOf(before: Side, after: Side, difference: Difference): string {
  const { config, layers, platforms } = difference;
  const list = (sign: string, names: readonly string[]): string[] =>
    names.map((name) => `  ${sign} ${name}`);
  const layer = ({ digest, size }: LayerFacts): string => `${digest}  ${formatBytes(size)}`;
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : [`\n${title}`, ...lines];
  return [
    formatTable([
      ["---", before.name, before.root.digest],
      ["+++", after.name, after.root.digest],
    ]),
    ...(difference.equal ? ["The images are equal"] : []),
    ...section("Platforms", [...list("-", platforms.removed), ...list("+", platforms.added)]),
    `\nLayers: ${layers.shared} shared (${formatBytes(layers.sharedBytes)}), ` +
    `${layers.removed.length} removed, ${layers.added.length} added`,
    ...list("-", layers.removed.map(layer)),
    ...list("+", layers.added.map(layer)),
    ...section(
      "Config",
      config.flatMap(([key, a, b]) => [
        ...(a === "" ? [] : [`  - ${key}: ${a}`]),
        ...(b === "" ? [] : [`  + ${key}: ${b}`]),
      ]),
    ),
  ].join("\n");
}
