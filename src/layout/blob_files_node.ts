import { readdir } from "node:fs/promises";
import { type Digest, tryParseDigest } from "../reference/mod.ts";
import { ifThere, onDisk } from "./disk_node.ts";
import type { LayoutRoot } from "./root_node.ts";

/** Digests of all blobs that are there, whole or not what they say. Other files are not ours. */
export async function listBlobs(root: LayoutRoot): Promise<Digest[]> {
  const found: Digest[] = [];
  for (const algorithm of ["sha256", "sha512"]) {
    const folder = root.path("blobs", algorithm);
    const names = await onDisk(folder, () => ifThere(() => readdir(folder))) ?? [];
    for (const name of names) {
      const digest = tryParseDigest(`${algorithm}:${name}`);
      if (digest !== undefined) found.push(digest);
    }
  }
  return found;
}
