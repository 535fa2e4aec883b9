import { utimes } from "node:fs/promises";
import { isTidegateError } from "../core/mod.ts";
import { type Descriptor, parseManifest } from "../manifest/mod.ts";
import { digestAlgorithm, parseDigest } from "../reference/mod.ts";
import { verifyBytes } from "../verify/mod.ts";
import { createBlobWriter, finishedWriter } from "./blob_writer_node.ts";
import { ifThere, onDisk } from "./disk_node.ts";
import { readIndex, writeIndex } from "./index_file_node.ts";
import type { LayoutContext } from "./layout_context_node.ts";
import type { BlobKey, BlobWriter, LayoutManifest } from "./layout.ts";
import { withEntry } from "./layout_index.ts";
import { takePartial } from "./partial_node.ts";
import { PRIVATE } from "./root_node.ts";
import type { Session } from "./session_node.ts";
import { assertName, tag } from "./tag_layout_node.ts";

/** Whether a blob is there whole. Who is going to write keeps it from being collected. */
export async function hasBlob(context: LayoutContext, { digest, size }: BlobKey): Promise<boolean> {
  if (context.isWriter) await beginIfPossible(context.session);
  return await isThere(context, { digest: parseDigest(digest), size });
}

/** Begin or continue a blob. */
export async function openWriter(
  context: LayoutContext,
  { digest, size }: BlobKey,
  signal?: AbortSignal,
): Promise<BlobWriter> {
  const blob = { digest: parseDigest(digest), size };
  if (!Number.isSafeInteger(size) || size < 0) throw new TypeError(`${size} is no byte count`);
  const { root, clock, stallMs } = context;
  await context.session.begin();
  await root.folder("blobs", digestAlgorithm(blob.digest));
  const folder = await root.folder(PRIVATE, "partial");
  const partial = await onDisk(
    folder,
    () => takePartial(folder, blob, () => isThere(context, blob), { clock, stallMs, signal }),
  );
  if (partial === undefined) return finishedWriter(blob);
  return createBlobWriter(blob, partial, root.path(root.blobName(blob.digest)));
}

/** Keep a manifest, and list it where it has a name or refers to another. */
export async function putManifest(
  context: LayoutContext,
  { bytes, mediaType, digest }: LayoutManifest,
  name: string | undefined,
): Promise<void> {
  if (name !== undefined) assertName(name);
  const blob = { digest: parseDigest(digest), size: bytes.length };
  await verifyBytes(bytes, blob);
  const manifest = parseManifest(bytes, { contentType: mediaType });
  const writer = await openWriter(context, blob);
  try {
    await writer.write(bytes.subarray(writer.offset));
    await writer.close();
  } finally {
    await writer.abort();
  }
  const descriptor = { mediaType: manifest.mediaType, ...blob };
  if (name !== undefined) await tag(context, name, descriptor);
  else if (manifest.subject !== undefined) await list(context, descriptor);
}

/** List a manifest without a name. */
async function list({ root, lock }: LayoutContext, descriptor: Descriptor): Promise<void> {
  await lock(async () => {
    const index = await readIndex(root);
    const { digest } = descriptor;
    if (index.lines.some(({ entry }) => entry.descriptor.digest === digest)) return;
    await writeIndex(root, withEntry(index, descriptor));
  });
}

async function isThere(context: LayoutContext, { digest, size }: BlobKey): Promise<boolean> {
  const { root, session } = context;
  const found = await root.find(root.blobName(digest));
  if (found?.size !== size) return false;
  if (!session.isOpen) return true;
  const now = new Date(context.clock.now());
  // a collector takes it away only if its time is older than our session
  return await onDisk(found.path, async () =>
    await ifThere(async () => {
      await utimes(found.path, now, now);
      return true;
    }) ?? false);
}

/** Where nothing can be written, nothing can be collected either. */
async function beginIfPossible(session: Session): Promise<void> {
  try {
    await session.begin();
  } catch (error) {
    if (!isTidegateError(error, "CACHE_IO")) throw error;
  }
}
