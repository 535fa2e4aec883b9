import { buildArtifact, buildImage, buildIndex } from "../../src/simulation/mod.ts";

/** Where the images of a copy test are, and where they go. */
export const SOURCE = "from.example.com/acme/app:v1";
export const TARGET = "to.example.com/mirror/app:v1";

/** Images of three platforms, of three blobs each. */
export const CHILDREN = await Promise.all(
  ["amd64", "arm64", "s390x"].map((architecture, i) =>
    buildImage({ platform: { os: "linux", architecture }, seed: i + 3, layers: [900, 800] })
  ),
);

/** The index of {@linkcode CHILDREN}. */
export const INDEX = await buildIndex({ manifests: CHILDREN });

/** What refers to {@linkcode INDEX}. */
export const SIGNATURE = await buildArtifact({
  artifactType: "application/vnd.test.signature",
  content: "signed",
  subject: INDEX,
});
