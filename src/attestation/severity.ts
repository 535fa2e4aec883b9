/** How many findings there are of each severity. */
export interface SeverityCounts {
  readonly critical: number;
  readonly high: number;
  readonly medium: number;
  readonly low: number;
  /** Findings that nobody has rated, or that are rated as harmless. */
  readonly unknown: number;
}

/** How bad a vulnerability is. */
export type Severity = keyof SeverityCounts;

/** From the worst on. */
export const SEVERITIES: readonly Severity[] = ["critical", "high", "medium", "low", "unknown"];

const WORDS: Readonly<Record<string, Severity>> = {
  critical: "critical",
  high: "high",
  important: "high",
  medium: "medium",
  moderate: "medium",
  low: "low",
  minor: "low",
  negligible: "low",
};

/** The lowest score of each severity (FIRST, "Qualitative Severity Rating Scale" of CVSS 3 and 4). */
const SCORES: readonly (readonly [number, Severity])[] = [
  [9, "critical"],
  [7, "high"],
  [4, "medium"],
  [0.1, "low"],
];

/** A severity as scanners write it: a word, or a CVSS score. */
export function parseSeverity(rating: string | number): Severity {
  const text = String(rating).trim().toLowerCase();
  const score = /^\d{1,2}(?:\.\d+)?$/.test(text) ? Number(text) : NaN;
  const scored = score <= 10 ? SCORES.find(([least]) => score >= least)?.[1] : undefined;
  return scored ?? (Object.hasOwn(WORDS, text) ? WORDS[text] : undefined) ?? "unknown";
}

/** The worst of several ratings of one finding; `unknown` for none. */
export function worstSeverity(severities: readonly Severity[]): Severity {
  return SEVERITIES.find((severity) => severities.includes(severity)) ?? "unknown";
}

/** Count severities. */
export function countSeverities(severities: readonly Severity[]): SeverityCounts {
  const counts = { critical: 0, high: 0, medium: 0, low: 0, unknown: 0 };
  for (const severity of severities) counts[severity]++;
  return counts;
}
