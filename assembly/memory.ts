/**
 * The module's static memory, two pages: constants and the chaining state in the first, a window of
 * input blocks in the second. Nothing is ever allocated.
 */

/** Where the chaining state stands while blocks are compressed: 8 words of 4 or 8 bytes, little-endian. */
export const STATE: usize = 4096;

/** Where the blocks to compress stand: 65536 bytes to the end of the memory. */
export const BLOCKS: usize = 65536;
