/**
 * How large an image is on each platform: what a pull would download.
 *
 *     bun examples/bun/sizes.ts docker.io/library/alpine:latest
 */
import { createRegistryClient, parseReference } from "tidegate";
import { formatPlatform, platforms } from "tidegate/manifest";

const [image = "docker.io/library/alpine:latest"] = process.argv.slice(2);

const registry = createRegistryClient();
const ref = parseReference(image);

const { manifest } = await registry.manifests.get(ref);
for (const platform of platforms(manifest)) {
  const { manifest: chosen } = await registry.manifests.get(ref, { platform });
  if (chosen.kind !== "image") continue;
  const bytes = chosen.layers.reduce((sum, { size }) => sum + size, 0);
  console.log(`${formatPlatform(platform)}\t${chosen.layers.length} layers\t${bytes} bytes`);
}
