import { isJsonObject, type Json, type JsonObject } from "../core/mod.ts";
import type { Statement } from "./statement.ts";

/** How bad a vulnerability is. */
export type Severity = "critical" | "high" | "medium" | "low" | "unknown";

/** One known vulnerability in an image. */
export interface Vulnerability {
  /** `CVE-2026-1234`, `GHSA-…`. Cut to 128 characters. */
  readonly id: string;
  readonly severity: Severity;
}

/** What one scan found. */
export interface VulnerabilityScan {
  readonly scanner: string | undefined;
  /** When it ended, in milliseconds since the epoch. */
  readonly scannedAt: number | undefined;
  /** Each id once, with the worst severity that is told of it. */
  readonly vulnerabilities: readonly Vulnerability[];
}

/** Predicates that list vulnerabilities. */
const PREDICATES =
  /^https:\/\/(?:in-toto\.io\/attestation\/vulns?|cosign\.sigstore\.dev\/attestation\/vuln)\/v\d/;

const MAX_VULNERABILITIES = 10_000;
const ORDER: readonly Severity[] = ["critical", "high", "medium", "low", "unknown"];

/**
 * Read what a statement says of vulnerabilities: in-toto's predicate, or cosign's with a result of
 * Trivy or Grype inside.
 *
 * @returns Undefined for a statement about something else, or in a form that is not known.
 */
export function readScan({ predicateType, predicate }: Statement): VulnerabilityScan | undefined {
  if (!PREDICATES.test(predicateType)) return undefined;
  const scanner = objectOf(predicate["scanner"]);
  const found = readResult(scanner["result"]);
  if (found === undefined) return undefined;
  const metadata = objectOf(predicate["metadata"]);
  const finished = Date.parse(textOf(metadata["scanFinishedOn"]) ?? "");
  return {
    scanner: textOf(scanner["uri"])?.slice(0, 256),
    scannedAt: Number.isNaN(finished) ? undefined : finished,
    vulnerabilities: worstOfEach(found),
  };
}

/** How many there are of each severity. */
export function countSeverities(
  vulnerabilities: readonly Vulnerability[],
): Readonly<Record<Severity, number>> {
  const counts = { critical: 0, high: 0, medium: 0, low: 0, unknown: 0 };
  for (const { severity } of vulnerabilities) counts[severity]++;
  return counts;
}

/** An empty result is a scan that found nothing; none, or an unknown one, is no scan. */
function readResult(result: Json | undefined): readonly Vulnerability[] | undefined {
  if (Array.isArray(result)) return result.flatMap((one: Json) => readInToto(objectOf(one)));
  if (!isJsonObject(result)) return undefined;
  const { Results: results, matches } = result;
  if (Array.isArray(matches)) return matches.flatMap((one: Json) => readGrype(objectOf(one)));
  if (!Array.isArray(results)) return undefined;
  return results.flatMap((one: Json) => listOf(objectOf(one)["Vulnerabilities"]))
    .flatMap((one) => readTrivy(objectOf(one)));
}

function readInToto(fields: JsonObject): readonly Vulnerability[] {
  const scores = listOf(fields["severity"]).map((one) => objectOf(one)["score"]);
  return toVulnerability(fields["id"], scores);
}

function readTrivy(fields: JsonObject): readonly Vulnerability[] {
  return toVulnerability(fields["VulnerabilityID"], [fields["Severity"]]);
}

function readGrype(fields: JsonObject): readonly Vulnerability[] {
  const { id, severity } = objectOf(fields["vulnerability"]);
  return toVulnerability(id, [severity]);
}

function toVulnerability(
  id: Json | undefined,
  scores: readonly (Json | undefined)[],
): readonly Vulnerability[] {
  const name = textOf(id);
  if (name === undefined) return [];
  const severity = worst(scores.map(severityOf));
  return [{ id: name.slice(0, 128), severity }];
}

/** A word of a scanner, or a CVSS score (FIRST, "Qualitative Severity Rating Scale"). */
function severityOf(score: Json | undefined): Severity {
  const word = textOf(score)?.trim().toLowerCase() ?? "";
  if (word === "moderate") return "medium";
  if (word === "negligible" || word === "minor") return "low";
  const known = ORDER.find((severity) => severity === word);
  if (known !== undefined) return known;
  const value = typeof score === "number" ? score : /^\d{1,2}(?:\.\d+)?$/.test(word) ? +word : 0;
  if (value >= 9) return "critical";
  if (value >= 7) return "high";
  if (value >= 4) return "medium";
  return value > 0 ? "low" : "unknown";
}

function worst(severities: readonly Severity[]): Severity {
  return ORDER.find((severity) => severities.includes(severity)) ?? "unknown";
}

/** A package with the same flaw twice is one vulnerability. */
function worstOfEach(found: readonly Vulnerability[]): readonly Vulnerability[] {
  const byId = new Map<string, Severity>();
  for (const { id, severity } of found) {
    if (byId.size >= MAX_VULNERABILITIES && !byId.has(id)) continue;
    byId.set(id, worst([severity, byId.get(id) ?? "unknown"]));
  }
  return [...byId].map(([id, severity]) => ({ id, severity }));
}

function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}
