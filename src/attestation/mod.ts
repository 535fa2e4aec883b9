/**
 * What others state about an image: in-toto statements, where registries keep them, and the
 * vulnerabilities that scanners attest.
 *
 * In: an image in a registry. Out: statements about it, scans, counts by severity. Next: `hub` and
 * `ghcr` report them, `webhook` publishes counts.
 * @module
 */
export {
  buildkitStatements,
  predicateTypeOf,
  referrerStatements,
  type StatementSearch,
  statementsIn,
} from "./registry_statements.ts";
export {
  countSeverities,
  parseSeverity,
  SEVERITIES,
  type Severity,
  type SeverityCounts,
  worstSeverity,
} from "./severity.ts";
export {
  isAbout,
  isStatementType,
  readStatement,
  type Statement,
  tryReadStatement,
} from "./statement.ts";
export {
  type Finding,
  isScanPredicate,
  readScan,
  type Vulnerability,
  type VulnerabilityScan,
  worstOfEach,
} from "./vulnerability_scan.ts";
