/** A version as semver.org orders them. Tags may leave out what is zero. */
export interface Version {
  readonly numbers: readonly [major: number, minor: number, patch: number];
  /** What stands after the hyphen; empty for a release. */
  readonly pre: readonly (string | number)[];
}

const VERSION = /^v?([0-9]{1,15})(?:\.([0-9]{1,15}))?(?:\.([0-9]{1,15}))?(?:-([0-9A-Za-z.-]+))?$/;

/** The version that a tag says: `1.2.3-rc.1`, `v1.2`, `3`. Undefined for any other tag. */
export function tryParseVersion(tag: string): Version | undefined {
  const [, major, minor = "0", patch = "0", pre] = VERSION.exec(tag) ?? [];
  if (major === undefined) return undefined;
  const parts = pre === undefined ? [] : pre.split(".");
  if (parts.includes("")) return undefined;
  return {
    numbers: [Number(major), Number(minor), Number(patch)],
    pre: parts.map((part) => /^[0-9]{1,15}$/.test(part) ? Number(part) : part),
  };
}

/** Below zero if the first comes before the second, above if after; semver.org, 11. */
export function compareVersions(a: Version, b: Version): number {
  for (const [i, number] of a.numbers.entries()) {
    const difference = number - (b.numbers[i] ?? 0);
    if (difference !== 0) return difference;
  }
  if (a.pre.length === 0 || b.pre.length === 0) return b.pre.length - a.pre.length;
  for (let i = 0; i < Math.max(a.pre.length, b.pre.length); i++) {
    const order = comparePart(a.pre[i], b.pre[i]);
    if (order !== 0) return order;
  }
  return 0;
}

function comparePart(a: string | number | undefined, b: string | number | undefined): number {
  if (a === b) return 0;
  if (a === undefined) return -1;
  if (b === undefined) return 1;
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "number") return -1; // numbers come before texts
  if (typeof b === "number") return 1;
  return a < b ? -1 : 1;
}

/** The order of people: runs of digits count as numbers, so that `r10` comes after `r9`. */
export function compareNaturally(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.match(/[0-9]+|[^0-9]+/g) ?? []);
  for (let i = 0; i < Math.max(left?.length ?? 0, right?.length ?? 0); i++) {
    const order = compareRuns(left?.[i], right?.[i]);
    if (order !== 0) return order;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareRuns(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1;
  if (/^[0-9]/.test(a) && /^[0-9]/.test(b)) {
    const [one, other] = [a, b].map((digits) => digits.replace(/^0+/, ""));
    if (one?.length !== other?.length) return (one?.length ?? 0) - (other?.length ?? 0);
    return (one ?? "") < (other ?? "") ? -1 : one === other ? 0 : 1;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}
