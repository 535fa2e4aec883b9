/**
 * Names of images: references, repository names, tags, digests.
 *
 * In: text that somebody typed. Out: checked values. Next: `distribution`, `verify`, `client`.
 * @module
 */
export {
  type Digest,
  digestAlgorithm,
  digestHex,
  fallbackTag,
  formatDigest,
  parseDigest,
  tryParseDigest,
} from "./digest.ts";
export {
  formatFamiliar,
  formatReference,
  parseReference,
  type Reference,
  tryParseReference,
} from "./reference.ts";
export {
  isRepositoryName,
  MAX_REPOSITORY_NAME_LENGTH,
  parseRepositoryName,
} from "./repository_name.ts";
export { isTag, parseTag } from "./tag.ts";
