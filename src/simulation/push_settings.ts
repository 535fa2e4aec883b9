import type { HasherFactory } from "../core/mod.ts";
import type { Upload } from "./upload.ts";

/** How a simulated registry takes pushes. */
export interface PushSettings {
  /** How `Location` is written; `explicit-port` names the scheme's own port too. Default is `absolute`. */
  readonly location?: "absolute" | "relative" | "explicit-port";
  /**
   * What the `Location` of an upload carries besides the path: a query that must come back
   * (`fixed`), or one of which only the newest works (`fresh`). Default is `none`.
   */
  readonly locationQuery?: "none" | "fixed" | "fresh";
  /** Uploads go on at that registry, on its host and by its settings; blobs are filed here. */
  readonly uploadsAt?: { readonly address: string; readonly uploads: Map<string, Upload> };
  /** `OCI-Chunk-Min-Length`. After a shorter chunk nothing but the closing PUT is taken. Default is none. */
  readonly minChunkBytes?: number;
  /** How long an upload lives after its POST, in milliseconds. Default is for ever. */
  readonly uploadLifetimeMs?: number;
  /**
   * What becomes of a request's bytes when its connection breaks: they stay, as in distribution, or
   * are thrown away. Default is `keep`.
   */
  readonly brokenBody?: "keep" | "discard";
  /** Mount without `from`, out of any repository that the caller may pull. Default is false. */
  readonly anonymousMount?: boolean;
  /** Take an index whose manifests are not all here. Default is false. */
  readonly sparseIndexes?: boolean;
  /** Take an image whose blobs are not all here. Default is false. */
  readonly sparseImages?: boolean;
  /** Honour `If-Match` and `If-None-Match` when a manifest is put: 412. Default is false. */
  readonly conditional?: boolean;
  /** Larger manifests are 413. Default is 4 MiB. */
  readonly maxManifestBytes?: number;
  /** `digest`: keep size and digest of a blob alone. Needs a hasher. Default is `content`. */
  readonly keep?: "content" | "digest";
  /** Hashes uploads piece by piece. Without it a blob over 256 MiB is 413. */
  readonly hasher?: HasherFactory;
}
