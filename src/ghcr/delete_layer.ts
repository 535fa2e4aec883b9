import type { Layer, RegistryRequest, RegistryResponse } from "../core/mod.ts";
import { parseDigest } from "../reference/mod.ts";
import { deleteImage, type ImageContext } from "./delete_image.ts";

/**
 * Make the registry client's deletions of manifests work on GHCR: the registry answers them 405, so
 * they go to the Packages API instead. All that the client does around them stays: it takes a referrer
 * off the fallback tag, and deletes a tag through an empty manifest.
 *
 * @param origin Of the registry: no other is touched.
 */
export function withPackageDeletes(context: ImageContext, origin: string): Layer {
  return (next) => async (request) => {
    const image = imageToDelete(request, origin);
    if (image === undefined) return await next(request);
    const { repository, digest } = image;
    const registry = new URL(origin).host;
    const { signal } = request;
    await deleteImage(context, { registry, repository, digest: parseDigest(digest) }, {
      signal,
    });
    return accepted(request.url);
  };
}

function imageToDelete(
  { method, kind, url }: RegistryRequest,
  origin: string,
): { readonly repository: string; readonly digest: string } | undefined {
  if (method !== "DELETE" || kind !== "manifest") return undefined;
  const { origin: asked, pathname } = new URL(url);
  const [, repository = "", digest] = /^\/v2\/(.+)\/manifests\/(sha\d+:[0-9a-f]+)$/
    .exec(decodeURIComponent(pathname)) ?? [];
  return asked === origin && digest !== undefined ? { repository, digest } : undefined;
}

function accepted(url: string): RegistryResponse {
  return { status: 202, headers: new Headers(), body: null, url, release: () => {} };
}
