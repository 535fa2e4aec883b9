import { lstat, readdir } from "node:fs/promises";
import { type Digest, tryParseDigest } from "../reference/mod.ts";
import { ifThere, onDisk } from "./disk_node.ts";
import type { LayoutRoot } from "./root_node.ts";

/**
 * The directory of one algorithm's blobs, to change what is in it; undefined where there is none.
 * @throws {TidegateError} CACHE_INVALID when a link leads outside; CACHE_IO.
 */
export async function findBlobFolder(
  root: LayoutRoot,
  algorithm: string,
): Promise<string | undefined> {
  const path = root.path("blobs", algorithm);
  const found = await onDisk(path, () => ifThere(() => lstat(path)));
  return found && await root.folder("blobs", algorithm);
}

/**
 * Digests of all blobs that are there, whole or not what they say. Other files are not ours.
 * @throws {TidegateError} CACHE_INVALID when a link leads outside; CACHE_IO.
 */
export async function listBlobs(root: LayoutRoot): Promise<Digest[]> {
  const found: Digest[] = [];
  for (const algorithm of ["sha256", "sha512"]) {
    const folder = await findBlobFolder(root, algorithm);
    if (folder === undefined) continue;
    const names = await onDisk(folder, () => readdir(folder));
    for (const name of names) {
      const digest = tryParseDigest(`${algorithm}:${name}`);
      if (digest !== undefined) found.push(digest);
    }
  }
  return found;
}
