import { buildArtifact, buildImage, buildIndex } from "./image.ts";
import type { BuiltImage, BuiltPlatform } from "./image.ts";
import type { SimulatedRegistry } from "./registry.ts";

/** What {@linkcode seedDemo} built, for assertions. */
export interface Demo {
  /** `library/hello:latest`, a multi-arch index. */
  readonly hello: BuiltImage;
  /** `library/layers:40`, an image of 40 layers. */
  readonly layers: BuiltImage;
  /** Refers to `hello`. */
  readonly sbom: BuiltImage;
}

const PLATFORMS: readonly BuiltPlatform[] = [
  { os: "linux", architecture: "amd64" },
  { os: "linux", architecture: "arm64", variant: "v8" },
  { os: "linux", architecture: "arm", variant: "v7" },
  { os: "linux", architecture: "arm", variant: "v6" },
  { os: "linux", architecture: "s390x" },
];

/**
 * Fill a registry with images that real clients can copy: `library/hello` (`latest`, `1`, `1.0`,
 * multi-arch, with a referrer; `docker`, in Docker's media types) and `library/layers:40`.
 */
export async function seedDemo(registry: SimulatedRegistry): Promise<Demo> {
  const hello = await helloIndex("oci");
  registry.add("library/hello", { image: hello, tags: ["latest", "1", "1.0"] });
  registry.add("library/hello", { image: await helloIndex("docker"), tags: ["docker"] });
  const sbom = await buildArtifact({
    artifactType: "application/spdx+json",
    content: JSON.stringify({ spdxVersion: "SPDX-2.3", name: "hello" }),
    subject: hello,
    annotations: { "org.opencontainers.image.created": "1970-01-01T00:00:00Z" },
  });
  registry.add("library/hello", { image: sbom });
  const layers = await buildImage({ layers: 40, seed: 40 });
  registry.add("library/layers", { image: layers, tags: ["40", "latest"] });
  return { hello, layers, sbom };
}

async function helloIndex(format: "oci" | "docker"): Promise<BuiltImage> {
  const manifests: BuiltImage[] = [];
  for (const [i, platform] of PLATFORMS.entries()) {
    const { os, architecture, variant = "" } = platform;
    const files = { "hello.txt": `Hello from ${os}/${architecture}${variant}\n` };
    manifests.push(
      await buildImage({ platform, format, seed: i + 1, layers: [{ files }, 4096 + i] }),
    );
  }
  return await buildIndex({ manifests, format });
}
