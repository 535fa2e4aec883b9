/**
 * The static memory of the module that runs four hashes side by side: constants and states in the
 * first page, input blocks in the others. Nothing is ever allocated.
 */

/** Where the 64 constants of SHA-256 stand, each four times, little-endian. The host writes them once. */
export const K256: usize = 1024;

/** Where the 64 words of the message schedules stand: behind the constants, so that one pointer is enough. */
export const SCHEDULE: usize = K256 + 1024;

/** Where the chaining states stand while blocks are compressed, side by side. */
export const CHAINS: usize = 3072;

/** Where the chaining states come and go, one after the other: 8 words of 4 bytes each, little-endian. */
export const STATE: usize = 4096;

/** Where the blocks to compress stand, at any place: 256 KiB to the end of the memory. */
export const BLOCKS: usize = 65536;
