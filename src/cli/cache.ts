import { type ImageLayout, openLayout } from "../layout/mod.ts";
import type { CommandContext } from "./command.ts";

/** The folder of the cache: `--cache`, `TIDEGATE_CACHE`, or `tidegate` in the user's cache folder. */
export function cacheDirectory({ host, options }: CommandContext): string {
  return options.text("cache") ?? (host.env["TIDEGATE_CACHE"] || undefined) ??
    host.files.join(host.cacheHome, "tidegate");
}

/**
 * Use the cache, and leave it.
 *
 * @param isWritten Make it where there is none.
 * @throws {TidegateError} CACHE_NOT_FOUND, CACHE_INVALID or CACHE_IO; what `work` throws.
 */
export async function withCache<T>(
  context: CommandContext,
  isWritten: boolean,
  work: (cache: ImageLayout) => Promise<T>,
): Promise<T> {
  const { clock } = context;
  const cache = await openLayout(cacheDirectory(context), { create: isWritten, clock });
  try {
    return await work(cache);
  } finally {
    await cache.close();
  }
}

/** The cache, if there is one: a command that only reads makes none. */
export async function withCacheIfAny<T>(
  context: CommandContext,
  work: (cache: ImageLayout) => Promise<T>,
): Promise<T | undefined> {
  const directory = cacheDirectory(context);
  const { files } = context.host;
  const marker = await files.read(files.join(directory, "oci-layout"), 4096);
  return marker === undefined ? undefined : await withCache(context, false, work);
}
