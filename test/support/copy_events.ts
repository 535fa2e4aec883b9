import type { CopyEvent } from "../../src/copy/mod.ts";

const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";
const MIB = 1024 * 1024;

type BlobEvent = Extract<CopyEvent, { readonly index: number }>;

/** An event of the second of three blobs, of 10 MiB. */
export function blobEvent<Type extends BlobEvent["type"]>(
  type: Type,
  at: number,
  more: Readonly<Record<string, unknown>> = {},
): CopyEvent {
  const digest = `sha256:${"ab".repeat(32)}`;
  const place = { index: 1, count: 3, digest, mediaType: LAYER, size: 10 * MIB, copy: 1 };
  return { type, at, ...place, ...more } as unknown as CopyEvent;
}

/** A copy of three blobs is planned: 20 MiB. */
export function planned(at: number): CopyEvent {
  return {
    ...{ type: "copy.planned", at, copy: 1, digest: "sha256:x" },
    ...{ manifests: 1, blobs: 3, bytes: 20 * MIB },
  };
}
