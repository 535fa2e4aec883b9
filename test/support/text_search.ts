/** Finds any of many needles in one pass over a text. */
export interface TextSearch {
  /** What stands around each needle that is there, with the needle's start. */
  find(text: string): string[];
}

const WIDTH = 8; // characters that are looked at first
const BITS = 1 << 20;
const BASE = 16_777_619;

let power = 1; // BASE ** (WIDTH - 1), as 32 bits
for (let i = 1; i < WIDTH; i++) power = Math.imul(power, BASE);

/**
 * Make a search. Its time hardly depends on how many needles there are.
 *
 * @throws {TypeError} For a needle of less than 8 characters.
 */
export function createTextSearch(needles: readonly string[]): TextSearch {
  const filter = new Uint8Array(BITS);
  const byStart = new Map<string, string[]>();
  for (const needle of needles) {
    if (needle.length < WIDTH) throw new TypeError("A needle has at least 8 characters");
    const start = needle.slice(0, WIDTH);
    filter[hashOf(start) & (BITS - 1)] = 1;
    byStart.set(start, [...byStart.get(start) ?? [], needle]);
  }
  return {
    find(text): string[] {
      const found: string[] = [];
      let hash = hashOf(text.slice(0, WIDTH));
      for (let at = 0; at + WIDTH <= text.length; at++) {
        if (filter[hash & (BITS - 1)] === 1) {
          const known = byStart.get(text.slice(at, at + WIDTH)) ?? [];
          const needle = known.find((one) => text.startsWith(one, at));
          if (needle !== undefined) {
            found.push(`${needle.slice(0, 12)}… in: ${text.slice(Math.max(0, at - 80), at + 80)}`);
          }
        }
        hash = Math.imul(hash - Math.imul(text.charCodeAt(at), power), BASE) +
          text.charCodeAt(at + WIDTH);
      }
      return found;
    },
  };
}

function hashOf(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash, BASE) + text.charCodeAt(i) | 0;
  return hash;
}
