/** A key in a JSON text: what it says, and where its quotes begin and end. */
export interface WrittenKey {
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

/** What a stand-in begins with. Keys that do so themselves get a stand-in too. */
const MARK = "~";

/** Whether a key must not be read natively: one with an escape, which made it longer. */
export function needsStandIn(key: string, writtenLength: number): boolean {
  return key.length + 2 < writtenLength || key.startsWith(MARK);
}

/**
 * Parse JSON natively with stand-ins for some of its keys. V8 reads a key with an escape as another
 * key that it has seen in the same place: after `{"\\":0}`, `{"\u0061":0}` reads as `{"\\":0}` too.
 * One document could hide `manifests` of the next from whoever checks it (nodejs/node#63785).
 *
 * @param text JSON whose depth is capped: what is read is walked by recursion.
 * @param odd Each key for which {@link needsStandIn}, in the order of the text.
 * @returns What was read, a JSON value.
 * @throws {SyntaxError} For what is no JSON.
 */
export function parseWithStandIns(text: string, odd: readonly WrittenKey[]): unknown {
  if (odd.length === 0) return JSON.parse(text);
  const standIns = new Map<string, string>();
  let masked = "";
  let done = 0;
  for (const { key, start, end } of odd) {
    const standIn = standIns.get(key) ?? MARK + standIns.size;
    standIns.set(key, standIn);
    masked += `${text.slice(done, start)}"${standIn}"`;
    done = end;
  }
  return restore(parseMasked(masked + text.slice(done), text), [...standIns.keys()]);
}

/** @throws {SyntaxError} Which speaks of the text, and not of what was made of it. */
function parseMasked(masked: string, text: string): unknown {
  try {
    return JSON.parse(masked);
  } catch {
    return JSON.parse(text);
  }
}

function restore(value: unknown, keys: readonly string[]): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => restore(item, keys));
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key.startsWith(MARK) ? keys[Number(key.slice(1))] as string : key, // any other has one too
      restore(inner, keys),
    ]),
  );
}
