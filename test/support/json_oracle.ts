import type { Json } from "../../src/core/mod.ts";

/**
 * Read JSON slowly, each string by itself. `JSON.parse` is no oracle for objects: V8 takes a key
 * with an escape for another that it has seen before (nodejs/node#63785).
 *
 * @throws {SyntaxError} Where `JSON.parse` throws it.
 */
export function readJson(text: string): Json {
  JSON.parse(text);
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[^\s,:"[\]{}]+|[[\]{}]/g) ?? [];
  let next = 0;
  const read = (): Json => {
    const token = tokens[next++] ?? "";
    if (token === "[") return readUntil("]", read);
    if (token !== "{") return JSON.parse(token) as Json;
    return Object.fromEntries(readUntil("}", () => [read() as string, read()] as const));
  };
  const readUntil = <T>(end: string, readOne: () => T): T[] => {
    const items: T[] = [];
    while (tokens[next] !== end) items.push(readOne());
    next++;
    return items;
  };
  return read();
}
