import { createRegistryClient, type PushSource } from "../../src/client/mod.ts";
import {
  type ErrorCode,
  type Fetch,
  isTidegateError,
  platformFetch,
  systemClock,
} from "../../src/core/mod.ts";
import { createHasher } from "../../src/hash/mod.ts";
import { formatDigest } from "../../src/reference/mod.ts";
import { resolveUpstream } from "../../src/upstream/mod.ts";
import { fixedRandom } from "../support/transport.ts";
import { BLOB_SIZES, blobContent, type BlobName } from "./catalogue.ts";
import type { FaultAddresses, PushCase } from "./control.ts";

/**
 * How a push goes: to the registry; through a door that has Durable Objects, or none; through two doors
 * in turn that share nothing but their keys.
 */
export const PUSH_WAYS = ["registry", "door", "lone door", "twin doors"] as const;

/** One of {@linkcode PUSH_WAYS}. */
export type PushWay = (typeof PUSH_WAYS)[number];

/** What is pushed, and how. */
export interface PushTask extends PushCase {
  readonly way: PushWay;
  readonly blob: BlobName;
  readonly chunkBytes: number;
  /** Default is {@linkcode chunkBytes}. */
  readonly streamBytes?: number | undefined;
  /** Default is the blob's own. */
  readonly digest?: string | undefined;
  /** Default is the blob's own. */
  readonly size?: number | undefined;
  /** Whether the source can be read again. Default is a stream. */
  readonly replayable?: boolean | undefined;
  /** Milliseconds between pieces of {@linkcode PIECE_BYTES}. Default is none. */
  readonly paceMs?: number | undefined;
  /** What waits are made of: 0 for none, the default; 1 for the longest. */
  readonly chance?: number | undefined;
}

/** What a push came to. */
export interface PushResult {
  readonly outcome: "uploaded" | "exists" | "mounted" | undefined;
  /** The library's error; `untyped` for any other. */
  readonly code: ErrorCode | "untyped" | undefined;
}

/** Length of the pieces in which sources come: it fits no chunk. */
export const PIECE_BYTES = 100_000;

/** `HOST:PORT` of a way's first server, and the name of the repository there. */
export function placeOf(
  faults: FaultAddresses,
  { way, host, repository }: Pick<PushTask, "way" | "host" | "repository">,
): { readonly registry: string; readonly repository: string } {
  if (way === "registry") return { registry: faults.registries[host], repository };
  const registry = way === "door" ? faults.door : faults.twins[0];
  return { registry, repository: `${host}/${repository}` };
}

/** Push with the library in chunks; every other request to the other twin. */
export async function pushWithLibrary(
  faults: FaultAddresses,
  task: PushTask,
): Promise<PushResult> {
  const { way, blob, chunkBytes, streamBytes, chance = 0, size = BLOB_SIZES[blob] } = task;
  const place = placeOf(faults, task);
  const tokenOrigins = [`http://${faults.tokens}`];
  const client = createRegistryClient({
    upstreams: [resolveUpstream(place.registry, { tokenOrigins })],
    random: fixedRandom(chance),
    ...(chance === 0 && { transport: { breaker: { failureThreshold: 1000 } } }),
    ...(way === "twin doors" && { fetch: alternate(faults.twins) }),
  });
  try {
    const digest = task.digest ?? await digestOf(blob);
    const pushed = await client.blobs.put(place, sourceOf(task), {
      ...{ digest, chunkBytes, streamBytes, size },
    });
    return { outcome: pushed.outcome, code: undefined };
  } catch (error) {
    const code = isTidegateError(error) ? error.code : "untyped";
    if (code === "untyped") console.error(error);
    return { outcome: undefined, code };
  }
}

const digests = new Map<BlobName, string>();

/** The SHA-256 of a blob. */
export async function digestOf(blob: BlobName): Promise<string> {
  const known = digests.get(blob);
  if (known !== undefined) return known;
  const hasher = createHasher("sha256");
  const content = blobContent(blob);
  for (let at = 0; at < content.size; at += PIECE_BYTES) {
    await hasher.update(content.read(at, Math.min(at + PIECE_BYTES, content.size)));
  }
  const digest = formatDigest("sha256", await hasher.digest());
  digests.set(blob, digest);
  return digest;
}

/** Each request to another door than the last one, whatever its URL says. */
function alternate([first, second]: FaultAddresses["twins"]): Fetch {
  let count = 0;
  return (request) => {
    if (count++ % 2 === 0) return platformFetch(request);
    const url = request.url.replace(`http://${first}/`, `http://${second}/`);
    return platformFetch(new Request(url, request));
  };
}

function sourceOf({ blob, replayable, paceMs = 0 }: PushTask): PushSource {
  if (!replayable) return piecesOf(blob, 0, paceMs);
  return { size: BLOB_SIZES[blob], slice: (start: number) => piecesOf(blob, start, paceMs) };
}

function piecesOf(blob: BlobName, start: number, paceMs: number): ReadableStream<Uint8Array> {
  const content = blobContent(blob);
  let at = start;
  return new ReadableStream({
    async pull(controller): Promise<void> {
      if (paceMs > 0) await systemClock.sleep(paceMs);
      const end = Math.min(at + PIECE_BYTES, content.size);
      if (at < end) controller.enqueue(content.read(at, end));
      at = end;
      if (at === content.size) controller.close();
    },
  }, { highWaterMark: 0 });
}
