/**
 * Pull an image into a folder: its manifest, its config and its layers, each verified.
 *
 *     node examples/node/pull.ts docker.io/library/alpine:latest out
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { createRegistryClient, parseReference } from "tidegate";

const [image = "docker.io/library/alpine:latest", folder = "out"] = process.argv.slice(2);

const registry = createRegistryClient();
const ref = parseReference(image);
await mkdir(folder, { recursive: true });

const { manifest, bytes } = await registry.manifests.get(ref, { platform: "linux/amd64" });
await writeFile(join(folder, "manifest.json"), bytes);

if (manifest.kind === "image") {
  for (const { digest, size } of [manifest.config, ...manifest.layers]) {
    const blob = await registry.blobs.get(ref, digest);
    // the stream ends only when size and digest are right; otherwise it errors
    await writeFile(join(folder, digest.replace(":", "-")), blob.stream);
    console.log(`${digest}  ${size} bytes`);
  }
}
