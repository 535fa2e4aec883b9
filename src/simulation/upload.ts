import { encodeHex } from "../core/mod.ts";
import type { HashAlgorithm, Hasher, HasherFactory } from "../core/mod.ts";
import { bytesContent, joinContents, sizedContent, sliceContent } from "./content.ts";
import type { Content } from "./content.ts";
import { digestContent } from "./digest.ts";

/** What an upload came to. */
export interface FinishedUpload {
  readonly digest: string;
  readonly content: Content;
}

/** The bytes of an upload so far. */
export interface UploadData {
  readonly size: number;
  /** Add bytes; they are copied. The algorithm counts if it is the first piece. */
  add(piece: Uint8Array, algorithm: HashAlgorithm | undefined): void | Promise<void>;
  /** Forget what came after `size`. False where that cannot be: the upload is lost. */
  truncate(size: number): boolean;
  /** The digest of all of it. Undefined if it was hashed by another algorithm. */
  finish(algorithm: HashAlgorithm): Promise<FinishedUpload | undefined>;
}

/** An upload session as the registry keeps it. */
export interface Upload {
  readonly id: string;
  /** The repository it was opened in. */
  readonly repository: string;
  /** What `digest-algorithm` said (end-4c). */
  readonly algorithm: HashAlgorithm | undefined;
  readonly data: UploadData;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** File the blob in its repository; returns its `Location`. */
  readonly file: (digest: string, content: Content) => string;
  /** What the newest `Location` carries as `_state`. */
  token: string;
  /** Where each request with data began. */
  readonly chunkStarts: number[];
  /** A chunk was shorter than the registry's minimum: it has to be the last. */
  isEnding: boolean;
  /** Settled when the request before has ended: one at a time. */
  turn: Promise<unknown>;
}

/** Keep every byte. Without a hasher the digest is made of all bytes at once. */
export function keepContent(hasher: HasherFactory | undefined): UploadData {
  let parts: Content[] = [];
  let size = 0;
  return {
    get size() {
      return size;
    },
    add(piece): void {
      parts.push(bytesContent(piece));
      size += piece.length;
    },
    truncate(kept): boolean {
      parts = [sliceContent(joinContents(parts), 0, kept)];
      size = kept;
      return true;
    },
    async finish(algorithm): Promise<FinishedUpload> {
      const content = joinContents(parts);
      return { digest: await digestContent(content, algorithm, hasher), content };
    },
  };
}

/** Keep size and digest alone: for uploads that no memory holds. */
export function keepDigest(hasher: HasherFactory): UploadData {
  let hash: Hasher | undefined;
  let size = 0;
  return {
    get size() {
      return size;
    },
    async add(piece, algorithm = "sha256"): Promise<void> {
      hash ??= hasher(algorithm);
      await hash.update(piece);
      size += piece.length;
    },
    truncate: (kept) => kept === size,
    async finish(algorithm): Promise<FinishedUpload | undefined> {
      hash ??= hasher(algorithm);
      if (hash.algorithm !== algorithm) return undefined;
      const digest = `${algorithm}:${encodeHex(await hash.digest())}`;
      return { digest, content: sizedContent(size) };
    },
  };
}
