import { TidegateError } from "../core/mod.ts";
import { type Descriptor, isForeignLayer, type Platform } from "../manifest/mod.ts";
import { type Digest, formatReference, type Reference } from "../reference/mod.ts";
import { type ByteReader, type ByteSink, pumpVerified } from "../verify/mod.ts";
import type { RepositoryConnection } from "./connection.ts";
import type { CallOptions, ClientContext } from "./context.ts";
import { openForeignLayer } from "./foreign_layer.ts";
import { getManifest, MAX_INDEX_DEPTH, pullDescribed, tooDeep } from "./get_manifest.ts";
import type { ImageSink } from "./image_sink.ts";
import { blobsOf, MAX_MANIFESTS, MAX_TREE_BYTES, tooMany } from "./image_tree.ts";
import { type OpenBlob, openBlob } from "./open_blob.ts";
import { beginOperation, runOperation, watchBlob } from "./operation.ts";
import type { PulledManifest } from "./pulled_manifest.ts";
import { withOwnChunks } from "./own_chunks.ts";
import { inParallel } from "./parallel.ts";

/** How far a blob of an image is. */
export interface PullProgress {
  readonly descriptor: Descriptor;
  /** Its place among the image's blobs, from 0; the config comes first. */
  readonly index: number;
  /** How many blobs the image has. */
  readonly count: number;
  /** `skipped`: the sink had it, or a foreign layer was left out. */
  readonly state: "started" | "transferring" | "done" | "skipped";
  /** Bytes handed to the sink so far. */
  readonly transferredBytes: number;
}

/** How an image is pulled. */
export interface PullImageOptions extends CallOptions {
  /** What to pick from an index; `all` pulls the whole index. Default is the client's platform. */
  readonly platform?: Platform | string | undefined;
  /** Blobs at a time. Default is 10. */
  readonly concurrency?: number | undefined;
  /**
   * Layers that live outside of the registry. `refuse` fails before anything is pulled, `skip`
   * leaves them out, `fetch` gets them from their URLs, never with credentials. Default is `refuse`.
   */
  readonly foreignLayers?: "refuse" | "skip" | "fetch" | undefined;
  /** Told of every step. Must not throw. */
  readonly onProgress?: ((progress: PullProgress) => void) | undefined;
}

/** What was pulled. */
export interface PulledImage {
  /** The manifest that was asked for: of the platform, or the whole index. */
  readonly root: PulledManifest;
  /** Blobs that came over the wire. */
  readonly pulled: number;
  /** Blobs that the sink had, or foreign layers that were left out. */
  readonly skipped: number;
}

const CONCURRENCY = 10;

/**
 * Pull an image into a sink: manifest, config, layers, every byte verified.
 *
 * Blobs come in parallel, each once however often it is listed. The first failure aborts the rest
 * and is thrown when all have ended; the sink's open blobs are aborted.
 *
 * @throws {TidegateError} What `getManifest` and `getBlob` throw; FOREIGN_LAYER.
 * @throws {TypeError} If `concurrency` is less than 1.
 */
export async function pullImage(
  context: ClientContext,
  ref: Reference,
  sink: ImageSink,
  options: PullImageOptions = {},
): Promise<PulledImage> {
  const { concurrency = CONCURRENCY, signal, platform = context.settings.platform } = options;
  if (!(concurrency >= 1)) throw new TypeError("concurrency must be 1 or more");
  const root = await getManifest(context, ref, {
    signal,
    ...(platform !== "all" && { platform }),
  });
  const job: PullJob = { context, connection: context.connect(ref), ref, sink, options };
  const manifests = await pullTree(job, root);
  const blobs = blobsOf(manifests);
  refuseForeign(blobs, options);
  const counts = { pulled: 0, skipped: 0 };
  await inParallel(blobs, concurrency, signal, async (descriptor, index, signal) => {
    const isPulled = await pullBlob(job, { descriptor, index, count: blobs.length }, signal);
    counts[isPulled ? "pulled" : "skipped"]++;
  });
  for (const manifest of manifests) await sink.putManifest(manifest, manifest === root);
  return { root, ...counts };
}

interface PullJob {
  readonly context: ClientContext;
  readonly connection: RepositoryConnection;
  readonly ref: Reference;
  readonly sink: ImageSink;
  readonly options: PullImageOptions;
}

/** All manifests below and with `root`, children first, each once. */
async function pullTree(job: PullJob, root: PulledManifest): Promise<readonly PulledManifest[]> {
  const { context, ref, options } = job;
  const found = new Map<Digest, PulledManifest>();
  let bytes = root.size;
  const visit = async (pulled: PulledManifest, depth: number): Promise<void> => {
    if (pulled.manifest.kind === "index") {
      if (depth > MAX_INDEX_DEPTH) throw tooDeep();
      for (const entry of pulled.manifest.manifests) {
        if (found.has(entry.digest)) continue;
        if (found.size >= MAX_MANIFESTS) throw tooMany("manifests", MAX_MANIFESTS);
        const { registry, repository } = ref;
        const named = { registry, repository, digest: entry.digest };
        const child = await runOperation(
          context,
          "manifest.get",
          named,
          (context) => pullDescribed(context, context.connect(ref), ref, entry, options),
        );
        bytes += child.size;
        if (bytes > MAX_TREE_BYTES) throw tooMany("bytes of manifests", MAX_TREE_BYTES);
        await visit(child, depth + 1);
      }
    }
    found.set(pulled.digest, pulled);
  };
  await visit(root, 1);
  return [...found.values()];
}

function refuseForeign(blobs: readonly Descriptor[], options: PullImageOptions): void {
  if ((options.foreignLayers ?? "refuse") !== "refuse") return;
  const foreign = blobs.find(isForeignLayer);
  if (foreign === undefined) return;
  const { digest } = foreign;
  throw new TidegateError("FOREIGN_LAYER", `Layer ${digest} lives outside of the registry`, {
    digest,
    reason: 'it is fetched from its own URLs only with foreignLayers: "fetch"',
  });
}

/** Returns whether it came over the wire. */
async function pullBlob(
  job: PullJob,
  place: Pick<PullProgress, "descriptor" | "index" | "count">,
  signal: AbortSignal,
): Promise<boolean> {
  const { sink, options: { foreignLayers, onProgress = () => {} } } = job;
  const { descriptor } = place;
  const isLeftOut = isForeignLayer(descriptor) && foreignLayers === "skip";
  if (isLeftOut || await sink.hasBlob?.(descriptor)) {
    onProgress({ ...place, state: "skipped", transferredBytes: 0 });
    return false;
  }
  onProgress({ ...place, state: "started", transferredBytes: 0 });
  const { context, ref: { registry, repository } } = job;
  const { digest } = descriptor;
  const operation = beginOperation(context, "blob.get", { registry, repository, digest });
  const opened = await open(operation.context, job, descriptor, signal).catch((error) => {
    operation.fail(error);
    throw error;
  });
  const { reader, settle } = watchBlob(operation, digest, opened.reader);
  const moved = move(job, place, reader, signal);
  settle(moved);
  await moved;
  return true;
}

/** Into the sink, verified. */
async function move(
  { context: { settings: { hasher } }, options: { onProgress = () => {} }, sink }: PullJob,
  place: Pick<PullProgress, "descriptor" | "index" | "count">,
  reader: ByteReader,
  signal: AbortSignal,
): Promise<void> {
  const { descriptor } = place;
  let transferredBytes = 0;
  const counted = await openSink(sink, descriptor, (bytes) => {
    transferredBytes += bytes;
    onProgress({ ...place, state: "transferring", transferredBytes });
  }).catch(async (error) => {
    await reader.cancel(error).catch(() => {});
    throw error;
  });
  const { digest, size } = descriptor;
  await pumpVerified(reader, counted, { digest, size, hasher, signal });
  onProgress({ ...place, state: "done", transferredBytes });
}

function open(
  context: ClientContext,
  { ref }: PullJob,
  descriptor: Descriptor,
  signal: AbortSignal,
): Promise<OpenBlob> {
  const connection = context.connect(ref);
  const { clock, observer, random, resume } = context.settings;
  const { digest, size } = descriptor;
  const options = { clock, observer, random, resume, signal, size };
  if (isForeignLayer(descriptor)) {
    return openForeignLayer(context, connection, descriptor, formatReference(ref), options);
  }
  return openBlob(connection.send, connection.target, digest, options);
}

async function openSink(
  sink: ImageSink,
  descriptor: Descriptor,
  onWrite: (bytes: number) => void,
): Promise<ByteSink> {
  const inner = withOwnChunks(await sink.openBlob(descriptor));
  let isAborted = false;
  return {
    async write(chunk): Promise<void> {
      await inner.write(chunk);
      onWrite(chunk.length);
    },
    close: () => inner.close(),
    async abort(reason): Promise<void> {
      if (isAborted) return;
      isAborted = true;
      await inner.abort(reason);
    },
  };
}
