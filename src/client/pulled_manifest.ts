import type { Descriptor, Manifest } from "../manifest/mod.ts";
import type { Digest } from "../reference/mod.ts";

/** A manifest whose bytes are what was asked for. */
export interface PulledManifest {
  /** Digest of `bytes`: the one asked for, or computed where a tag was. Never the registry's word. */
  readonly digest: Digest;
  readonly mediaType: string;
  readonly size: number;
  /** As they came over the wire. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same, parsed and checked. */
  readonly manifest: Manifest;
  /** What the registry called it, where it was asked by tag and not the cache. May be wrong. */
  readonly announced?: Digest | undefined;
  /** In an index on the way here: the entry that was picked. */
  readonly descriptor?: Descriptor;
}
