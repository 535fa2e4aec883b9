/**
 * The module's static memory, two pages: constants and the chaining state in the first, a window of
 * input blocks in the second. Nothing is ever allocated.
 */

/** Where the 64 constants of SHA-256 stand, 4 bytes each, little-endian. The host writes them once. */
export const K256: usize = 1024;

/** Where the 80 constants of SHA-512 stand, 8 bytes each, little-endian. The host writes them once. */
export const K512: usize = 2048;

/** Where the chaining state stands while blocks are compressed: 8 words of 4 or 8 bytes, little-endian. */
export const STATE: usize = 4096;

/** Where SHA-512 lays out the 80 words of its message schedule. */
export const SCHEDULE: usize = 8192;

/** Where the blocks to compress stand: 65536 bytes to the end of the memory. */
export const BLOCKS: usize = 65536;
