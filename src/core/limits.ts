/**
 * Largest manifest read or written: 4 MiB, what the distribution spec asks registries to support
 * ("Pushing Manifests") and what distribution and zot enforce.
 */
export const MAX_MANIFEST_BYTES: number = 4 * 1024 * 1024;

/**
 * Largest answer of a token endpoint. A JWT with 16 scopes of 255 characters is under 16 KiB, with
 * an `x5c` chain under 32 KiB; `token` and `access_token` may both carry it, and refresh tokens
 * double that again: 128 KiB.
 */
export const MAX_TOKEN_BODY_BYTES: number = 128 * 1024;

/**
 * Largest webhook. GitHub sends up to 25 MB, but for events of other kinds: what it says of an image
 * is 20 KiB with 7 layers and 45 KiB with 127, plus a README; Docker Hub's holds a Dockerfile and a
 * description.
 */
export const MAX_WEBHOOK_BODY_BYTES: number = 1024 * 1024;

/** Most of an error body that is read; the rest is cancelled. */
export const MAX_ERROR_BODY_BYTES: number = 64 * 1024;

/** Largest page of tags: 1000 tags of 128 characters are 130 KiB; 1 MiB leaves room for `n` ignored. */
export const MAX_TAGS_BODY_BYTES: number = 1024 * 1024;

/** Most pages that one listing follows. 1000 pages of 1000 tags are a million tags. */
export const MAX_PAGES = 1000;

/** Longest chain of redirects for one request. */
export const MAX_REDIRECTS = 5;

/** Bodies up to this size are verified before a byte or a header is shown. */
export const SMALL_BODY_BYTES: number = 64 * 1024;

/** Most bytes that one broken connection may cost: what a read holds before it is hashed. */
export const MAX_LOST_BYTES: number = 1024 * 1024;

/**
 * Largest chunk of an upload that is held in memory because a registry wants no smaller ones. S3 wants
 * 5 MiB, and so do registries on it. What wants more gets chunks of this size, and may refuse them.
 */
export const MAX_HELD_CHUNK_BYTES: number = 32 * 1024 * 1024;

/** Deepest JSON accepted from a registry. Real manifests nest 6 deep. */
export const MAX_JSON_DEPTH = 64;

/**
 * Most keys, and most objects and arrays, in one JSON document. A page of 100 of Docker Hub's tags
 * with images for 20 platforms has 26,000 keys. An index entry has 5 to 10, so this is an index of
 * 3200 images at the least. With what reads the values, half a microsecond for each is 16 ms.
 */
export const MAX_JSON_NODES = 32_768;

/**
 * Most irregular keys in one JSON document: those that are not the ones that stood in this place of
 * the object before, and those that are written with an escape. Native parsers take up to 1 µs for
 * each, and a fraction of that for what repeats, as lists of descriptors do.
 */
export const MAX_JSON_IRREGULAR_KEYS = 8192;

/**
 * Most different keys in one JSON document, counted at each depth. The largest known manifest, of
 * the OCI conformance suite, has 400.
 */
export const MAX_JSON_DISTINCT_KEYS = 4096;

/** Longest single header that a parser looks at. Above it the header is refused unread. */
export const MAX_HEADER_BYTES: number = 64 * 1024;

/** Largest `index.json` of a layout: 50,000 images of 640 bytes each. */
export const MAX_LAYOUT_INDEX_BYTES: number = 32 * 1024 * 1024;

/** Most keys, objects and arrays in an `index.json`: with the data of the cache an image has 12 keys. */
export const MAX_LAYOUT_INDEX_NODES: number = 1024 * 1024;
