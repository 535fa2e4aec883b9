import type { CallOptions } from "../client/mod.ts";
import type { CopyDestination } from "./endpoint.ts";

/** What an archive is. */
export interface ArchiveImageOptions {
  /** What the image is called in it. */
  readonly name: string;
  /**
   * `oci` is an OCI layout in a tar. `docker` is what `docker load` reads: of an index, only one image.
   * Default is `oci`.
   */
  readonly format?: "oci" | "docker" | undefined;
  /** Which image of an index a `docker` archive gets. Default is `linux/amd64`. */
  readonly platform?: string | undefined;
}

/** An archive that is being filled: first a layout beside it. */
export interface ArchiveDestination {
  readonly image: Pick<CopyDestination, "putBlob">;
  readonly putManifest: CopyDestination["putManifest"];
  /** Write the archive, and remove what is beside it. */
  finish(options: CallOptions): Promise<void>;
  /** Leave what has arrived to the next run. */
  leave(): Promise<void>;
}
