import type { ImageLayout, OpenLayoutOptions } from "../layout/mod.ts";

/**
 * Open an image layout in a directory: `openLayout` of `tidegate/layout`, loaded when it is first
 * called, as not every runtime has files.
 *
 * @throws {TidegateError} CACHE_NOT_FOUND, CACHE_INVALID, CACHE_IO.
 */
export async function openLayout(
  directory: string,
  options?: OpenLayoutOptions,
): Promise<ImageLayout> {
  const layout = await import("../layout/mod.ts");
  return await layout.openLayout(directory, options);
}
