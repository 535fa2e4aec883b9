import { TidegateError } from "../core/mod.ts";
import type { Descriptor, ImageManifest, Manifest } from "../manifest/mod.ts";
import type { Digest } from "../reference/mod.ts";

/** Most manifests of one image: real indexes have tens; a hostile one could nest thousands. */
export const MAX_MANIFESTS = 1000;

/** Most bytes of all manifests of one image: all are held until the last blob is there. */
export const MAX_TREE_BYTES: number = 64 * 1024 * 1024;

/**
 * The blobs that the images among some manifests list, each once, configs before their layers.
 * @throws {TidegateError} AMBIGUOUS_MANIFEST when one is listed with two sizes.
 */
export function blobsOf(
  manifests: readonly { readonly manifest: Manifest }[],
): readonly Descriptor[] {
  const images = manifests.map(({ manifest }) => manifest)
    .filter((manifest): manifest is ImageManifest => manifest.kind === "image");
  const found = new Map<Digest, Descriptor>();
  for (const descriptor of images.flatMap(({ config, layers }) => [config, ...layers])) {
    const { digest, size } = descriptor;
    if (size !== (found.get(digest)?.size ?? size)) throw twoSizes(digest);
    found.set(digest, descriptor);
  }
  return [...found.values()];
}

function twoSizes(digest: Digest): TidegateError<"AMBIGUOUS_MANIFEST"> {
  return new TidegateError("AMBIGUOUS_MANIFEST", `Blob ${digest} is listed with two sizes`, {
    input: digest,
    reason: "must have one size",
  });
}

/** The error for an index with more below it than is allowed. */
export function tooMany(limit: string, maximum: number): TidegateError<"LIMIT_EXCEEDED"> {
  const message = `The index has over ${maximum} ${limit}`;
  return new TidegateError("LIMIT_EXCEEDED", message, { limit, maximum });
}
