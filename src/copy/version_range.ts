import { compareVersions, tryParseVersion, type Version } from "./version.ts";

/** Which versions are wanted. */
export type VersionRange = (version: Version) => boolean;

/** One bound: the version compared with it must be on that side. */
interface Bound {
  readonly side: "<" | "<=" | ">" | ">=";
  readonly version: Version;
}

/** `1.x` has one number, `*` none. */
interface Partial {
  readonly numbers: readonly number[];
  readonly pre: Version["pre"];
}

const LOWEST_PRE: Version["pre"] = [0]; // before any pre-release: `<2.0.0-0` leaves out 2.0.0-rc.1
const NOTHING: readonly Bound[] = [{ side: "<", version: fill({ numbers: [], pre: LOWEST_PRE }) }];

const MAX_RANGE_LENGTH = 1024; // people write a few bounds

/**
 * Read a range as npm writes them: comparators (`>=1.2 <2`), `^1.4`, `~1.4.2`, `1.x`, `1.2 - 1.4`, and
 * alternatives by `||`. A pre-release is only taken where a bound names one of the same version.
 *
 * @returns Undefined for what is no range.
 */
export function tryParseVersionRange(text: string): VersionRange | undefined {
  if (text.length > MAX_RANGE_LENGTH) return undefined;
  const sets = text.split("||").map(parseSet);
  if (!sets.every((set) => set !== undefined)) return undefined;
  return (version) => sets.some((set) => set !== undefined && satisfies(version, set));
}

function satisfies(version: Version, bounds: readonly Bound[]): boolean {
  const isInside = bounds.every((bound) => {
    const order = compareVersions(version, bound.version);
    return (order === 0 && bound.side.length === 2) ||
      (bound.side[0] === "<" ? order < 0 : order > 0);
  });
  if (!isInside || version.pre.length === 0) return isInside;
  return bounds.some(({ version: { numbers, pre } }) =>
    pre.length > 0 && numbers.every((number, i) => number === version.numbers[i])
  );
}

function parseSet(text: string): readonly Bound[] | undefined {
  const [, from, to] = /^\s*(\S+)\s+-\s+(\S+)\s*$/.exec(text) ?? [];
  if (from !== undefined && to !== undefined) return parseHyphen(from, to);
  const terms = text.replace(/(>=|<=|[<>=^~])\s+/g, "$1").trim().split(/\s+/);
  const bounds = terms.map(parseTerm);
  return bounds.every((some) => some !== undefined) ? bounds.flat() as Bound[] : undefined;
}

function parseHyphen(from: string, to: string): readonly Bound[] | undefined {
  const [low, high] = [from, to].map(parsePartial);
  if (low === undefined || high === undefined) return undefined;
  return [{ side: ">=", version: fill(low) }, ...upTo(high)];
}

function parseTerm(term: string): readonly Bound[] | undefined {
  const [, operator = "", rest = ""] = /^(>=|<=|[<>=^~]?)(.*)$/s.exec(term) ?? [];
  const partial = parsePartial(rest);
  if (partial === undefined || (rest === "" && operator !== "")) return undefined;
  const { numbers } = partial;
  if (numbers.length === 0) return /^[<>]$/.test(operator) ? NOTHING : atLeast(partial);
  if (operator === "^") return [...atLeast(partial), below(bump(partial, caretPlace(numbers)))];
  if (operator === "~") {
    return [...atLeast(partial), below(bump(partial, Math.min(numbers.length, 2)))];
  }
  if (operator === ">=") return atLeast(partial);
  if (operator === "<=") return upTo(partial);
  const isWhole = numbers.length === 3;
  if (operator === ">") {
    return isWhole
      ? [{ side: ">", version: fill(partial) }]
      : atLeast({ numbers: bump(partial, numbers.length), pre: [] });
  }
  if (operator === "<") {
    return isWhole ? [{ side: "<", version: fill(partial) }] : [below(numbers)];
  }
  return [...atLeast(partial), ...upTo(partial)];
}

/** `1`, `1.2`, `1.2.3-rc.1`, with `x`, `X` or `*` for what may be anything. */
function parsePartial(text: string): Partial | undefined {
  const [core = "", ...suffix] = text.replace(/^v(?=[0-9xX*])/, "").replace(/\+.*$/s, "").split(
    "-",
  );
  const parts = core === "" ? [] : core.split(".");
  const open = parts.findIndex((part) => /^[xX*]$/.test(part));
  const named = open === -1 ? parts : parts.slice(0, open);
  if (parts.length > 3 || !named.every((part) => /^[0-9]{1,15}$/.test(part))) return undefined;
  if (!parts.slice(named.length).every((part) => /^[xX*]$/.test(part))) return undefined;
  if (suffix.length > 0 && parts.length < 3) return undefined;
  const numbers = named.map(Number);
  if (suffix.length === 0 || numbers.length < 3) return { numbers, pre: [] };
  const version = tryParseVersion(`${core}-${suffix.join("-")}`);
  return version && { numbers, pre: version.pre };
}

function fill({ numbers: [major = 0, minor = 0, patch = 0], pre }: Partial): Version {
  return { numbers: [major, minor, patch], pre };
}

function atLeast(partial: Partial): readonly Bound[] {
  return [{ side: ">=", version: fill(partial) }];
}

/** Up to the last version that a partial one stands for. */
function upTo(partial: Partial): readonly Bound[] {
  const { numbers } = partial;
  if (numbers.length === 0) return [];
  return numbers.length === 3
    ? [{ side: "<=", version: fill(partial) }]
    : [below(bump(partial, numbers.length))];
}

function below(numbers: readonly number[]): Bound {
  return { side: "<", version: fill({ numbers, pre: LOWEST_PRE }) };
}

/** One more at a place, counted from 1, and nothing behind it. */
function bump({ numbers }: Partial, place: number): readonly number[] {
  return [...numbers.slice(0, place - 1), (numbers[place - 1] ?? 0) + 1];
}

/** `^` keeps the first number that is not zero; of `0.x` and `0.0.x` the last that is named. */
function caretPlace(numbers: readonly number[]): number {
  const first = numbers.findIndex((number) => number !== 0);
  return first === -1 ? numbers.length : first + 1;
}
