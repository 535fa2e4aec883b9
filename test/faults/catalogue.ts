import { type Content, generatedContent } from "../../src/simulation/mod.ts";

/** The blobs that every repository of the fault server holds, by name. */
export const BLOB_SIZES = {
  one: 1,
  small: 1000,
  edge: 64 * 1024,
  over: 64 * 1024 + 1,
  large: 1024 * 1024 + 17,
  deep: 4 * 1024 * 1024 + 17,
  huge: 64 * 1024 * 1024 + 17,
} as const;

/** Name of a blob in the catalogue. */
export type BlobName = keyof typeof BLOB_SIZES;

/** Every blob's name. */
export const BLOB_NAMES: readonly BlobName[] = Object.keys(BLOB_SIZES) as BlobName[];

/** What a blob holds, made again wherever it is compared. */
export function blobContent(name: BlobName): Content {
  return generatedContent(9000 + BLOB_NAMES.indexOf(name), BLOB_SIZES[name]);
}

/**
 * The registries of the fault server. `zero` ignores `Range`; `gzip` compresses blobs on the way;
 * `odd` is for what no HTTP client understands, so that its breaker is nobody else's.
 *
 * For pushes: `discards` keeps nothing of a request that broke; `tokens` wants tokens, which live for
 * {@linkcode TOKEN_SECONDS}; `rots` stores every blob with a bit inverted; `strict` is for what has to be
 * refused; `restarts` goes down, and comes back.
 */
export const HOSTS = [
  ...["plain", "zero", "gzip", "odd"] as const,
  ...["discards", "tokens", "rots", "strict", "restarts"] as const,
] as const;

/** How long a token of the registry `tokens` works. */
export const TOKEN_SECONDS = 2;

/** Name of a registry, and of its prefix at the front door. */
export type HostName = (typeof HOSTS)[number];
