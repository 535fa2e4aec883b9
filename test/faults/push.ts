import { createRegistryClient } from "../../src/client/mod.ts";
import { type ErrorCode, type Fetch, isTidegateError, platformFetch } from "../../src/core/mod.ts";
import { parseReference } from "../../src/reference/mod.ts";
import { fixedRandom } from "../support/transport.ts";
import { BLOB_SIZES, blobContent, type BlobName } from "./catalogue.ts";
import type { FaultAddresses } from "./control.ts";

/** How a push goes: to the registry, through a door, or through two that share nothing but their keys. */
export const PUSH_WAYS = ["registry", "door", "twin doors"] as const;

/** One of {@linkcode PUSH_WAYS}. */
export type PushWay = (typeof PUSH_WAYS)[number];

/** What is pushed. */
export interface PushTask {
  readonly way: PushWay;
  readonly repository: string;
  readonly blob: BlobName;
  readonly digest: string;
  readonly chunkBytes: number;
}

/** What a push came to. */
export interface PushResult {
  readonly outcome: "uploaded" | "exists" | "mounted" | undefined;
  /** The library's error; `untyped` for any other. */
  readonly code: ErrorCode | "untyped" | undefined;
}

/** Push with the library in chunks; every other request to the other twin. Waits cost nothing. */
export async function pushWithLibrary(
  faults: FaultAddresses,
  { way, repository, blob, digest, chunkBytes }: PushTask,
): Promise<PushResult> {
  const host = {
    registry: faults.registries.plain,
    door: faults.door,
    "twin doors": faults.twins[0],
  };
  const name = way === "registry" ? repository : `plain/${repository}`;
  const client = createRegistryClient({
    random: fixedRandom(0),
    transport: { breaker: { failureThreshold: 1000 } },
    ...(way === "twin doors" && { fetch: alternate(faults.twins) }),
  });
  try {
    const ref = parseReference(`${host[way]}/${name}:v1`);
    const source = chunksOf(blob, 100_000);
    const pushed = await client.blobs.put(ref, source, {
      ...{ digest, chunkBytes, size: BLOB_SIZES[blob] },
    });
    return { outcome: pushed.outcome, code: undefined };
  } catch (error) {
    const code = isTidegateError(error) ? error.code : "untyped";
    if (code === "untyped") console.error(error);
    return { outcome: undefined, code };
  }
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

/** A stream that is read once, in pieces that fit no chunk. */
function chunksOf(blob: BlobName, piece: number): ReadableStream<Uint8Array> {
  const content = blobContent(blob);
  let at = 0;
  return new ReadableStream({
    pull(controller): void {
      const end = Math.min(at + piece, content.size);
      if (at < end) controller.enqueue(content.read(at, end));
      at = end;
      if (at === content.size) controller.close();
    },
  }, { highWaterMark: 0 });
}
