import type { SeverityCounts } from "../attestation/mod.ts";
import type { CallOptions, PulledManifest, RegistryClient } from "../client/mod.ts";
import type { Digest, Reference } from "../reference/mod.ts";

/** The image whose findings are asked for. */
export interface ScanSubject {
  /** By digest. */
  readonly ref: Reference & { readonly digest: Digest };
  /** Digest of the image for one platform: the same, or that of an entry of the index. */
  readonly digest: Digest;
  /** The index on the way to it, where there was one. */
  readonly index: PulledManifest | undefined;
  /** To look around in its registry. */
  readonly registry: RegistryClient;
}

/** What a source knows of an image. */
export interface ScanFindings {
  readonly severities: SeverityCounts;
  /** When it was scanned, in milliseconds since the epoch, where the source tells. */
  readonly scannedAt?: number | undefined;
  /** Name of the scanner, where the source tells. */
  readonly scanner?: string | undefined;
}

/**
 * Somebody who may know what is wrong with an image. Implement it for a scanner of your own.
 *
 * An error is a source that cannot be asked; the next one is.
 */
export interface ScanSource {
  /** Names it in results: `scout`. */
  readonly name: string;
  /** Undefined when it knows nothing of the image. */
  find(subject: ScanSubject, options: CallOptions): Promise<ScanFindings | undefined>;
}
