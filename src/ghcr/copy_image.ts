import type { ImageSource, PushedImage, PushImageOptions, RegistryClient } from "../client/mod.ts";
import type { Platform } from "../manifest/mod.ts";
import type { Reference } from "../reference/mod.ts";

/** How an image is copied. */
export interface CopyImageOptions extends PushImageOptions {
  /** Of a multi-arch image, only the one for this platform. Default is all of it. */
  readonly platform?: Platform | string | undefined;
}

/**
 * Copy an image, byte for byte. Inside one registry blobs are mounted where it lets them be; what
 * it does not mount goes through this machine, verified on the way, in constant memory.
 *
 * @param to Where to, by tag or by the image's digest.
 * @throws {TidegateError} What `manifests.get`, `blobs.get` and `pushImage` throw.
 */
export async function copyImage(
  client: Pick<RegistryClient, "manifests" | "blobs" | "pushImage">,
  from: Reference,
  to: Reference,
  { platform, ...options }: CopyImageOptions = {},
): Promise<PushedImage> {
  const { signal } = options;
  const { registry, repository } = from;
  const root = await client.manifests.get(from, { platform, signal });
  const source: ImageSource = {
    manifest: async (digest) =>
      digest === undefined
        ? root
        : await client.manifests.get({ registry, repository, digest }, { signal }),
    openBlob: ({ digest, size }) => ({
      size,
      slice: async (start: number) => {
        const range = start === 0 ? undefined : { start };
        return (await client.blobs.get(from, digest, { size, range, signal })).stream;
      },
    }),
    mountFrom: () => registry === to.registry ? [repository] : [],
  };
  return await client.pushImage(to, source, options);
}
