/**
 * Show what an image is made of, in a page: `index.html?image=registry.example.com/library/hello`.
 *
 * Registries do not send CORS headers; a front door does, for the origins in its `cors.origins`.
 *
 *     npx esbuild examples/browser/page.ts --bundle --format=esm --outfile=examples/browser/page.js
 */
import { createRegistryClient, parseReference } from "tidegate";

const image = new URL(location.href).searchParams.get("image") ?? "localhost:8787/library/hello";
const out = document.querySelector("#out") as HTMLElement;

try {
  const registry = createRegistryClient();
  const ref = parseReference(image);
  const { manifest, digest } = await registry.manifests.get(ref, { platform: "linux/amd64" });
  const lines = manifest.kind === "image"
    ? manifest.layers.map((layer) => `${layer.digest}  ${layer.size} bytes`)
    : [];
  out.textContent = [`${image} is ${digest}`, ...lines].join("\n");
} catch (error) {
  out.textContent = String(error);
}
