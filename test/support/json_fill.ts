import { MAX_JSON_NODES } from "../../src/core/mod.ts";
import { MEBIBYTE } from "./parser_checks.ts";

/**
 * A document of 1 MiB, filled with as many units as fit, or as the caps on JSON allow; the rest is
 * blanks. The last unit has no comma after it.
 *
 * @param nodes Keys of one unit, or objects and arrays, whichever are more.
 */
export function filledJson(
  head: string,
  unit: (i: number) => string,
  tail: string,
  nodes: number,
): string {
  const most = Math.floor((MAX_JSON_NODES - 64) / nodes);
  const units: string[] = [];
  for (let i = 0, length = head.length + tail.length; i < most; i++) {
    const next = unit(i);
    length += next.length + 1;
    if (length > MEBIBYTE) break;
    units.push(next);
  }
  return `${head}${units.join(",")}${tail}`.padEnd(MEBIBYTE);
}
