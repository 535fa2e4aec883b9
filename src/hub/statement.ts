import { decodeBase64, type Json, type JsonObject, parseJson } from "../core/mod.ts";
import { type Digest, digestAlgorithm, digestHex } from "../reference/mod.ts";
import { hubAnswer, readEntries } from "./fields.ts";
import type { ScanFindings } from "./scan_source.ts";
import { countSeverities, parseSeverity, type Severity, worstSeverity } from "./severity.ts";

const { readObject, readOptional, readString } = hubAnswer;

/** Predicates that hold findings. The first two are in-toto's, the last cosign's. */
const PREDICATES: ReadonlySet<string> = new Set([
  "https://in-toto.io/attestation/vulns/v0.1",
  "https://in-toto.io/attestation/vulns/v0.2",
  "https://in-toto.io/attestation/vulns",
  "https://cosign.sigstore.dev/attestation/vuln/v1",
]);

/** Whether a statement with that predicate type lists findings. */
export function isFindingsPredicate(type: string | undefined): boolean {
  return type !== undefined && PREDICATES.has(type);
}

/**
 * Read the findings out of an in-toto statement, bare or in a DSSE envelope. Signatures are not
 * checked: it is the word of whoever may push to the repository.
 *
 * @returns Undefined for a statement about something else.
 * @throws {TidegateError} INVALID_RESPONSE when it is none.
 * @see {@link https://github.com/in-toto/attestation/blob/main/spec/predicates/vuln.md | in-toto, vulns}
 */
export function readFindings(bytes: Uint8Array, image: Digest): ScanFindings | undefined {
  const statement = openEnvelope(readObject(parse(bytes), "statement"));
  const type = readString(statement["predicateType"], "statement.predicateType");
  if (!isFindingsPredicate(type) || !isAbout(statement, image)) return undefined;
  const predicate = readObject(statement["predicate"], "predicate");
  const scanner = readObject(predicate["scanner"], "predicate.scanner");
  const metadata = readOptional(predicate, "metadata", "predicate", readObject);
  const finished = metadata?.["scanFinishedOn"];
  return {
    severities: countSeverities(readResult(scanner["result"])),
    scanner: readOptional(scanner, "uri", "predicate.scanner", readString)?.slice(0, 256),
    scannedAt: typeof finished === "string" ? parseTime(finished) : undefined,
  };
}

/** The payload of a DSSE envelope; a bare statement as it is. */
function openEnvelope(document: JsonObject): JsonObject {
  const { payload } = document;
  if (typeof payload !== "string") return document;
  try {
    return readObject(parseJson(decodeBase64(payload)), "statement");
  } catch (cause) {
    throw hubAnswer.invalid("envelope.payload", "must be a statement in base64", { cause });
  }
}

function parse(bytes: Uint8Array): Json {
  try {
    return parseJson(bytes);
  } catch (cause) {
    throw hubAnswer.invalid("statement", "must be JSON", { cause });
  }
}

function isAbout(statement: JsonObject, image: Digest): boolean {
  const subjects = readEntries(statement["subject"], "subject", readObject);
  return subjects.some((subject) => {
    const digests = readOptional(subject, "digest", "subject", readObject) ?? {};
    return digests[digestAlgorithm(image)] === digestHex(image);
  });
}

/** in-toto lists findings; cosign wraps whatever a scanner wrote, which is mostly Trivy's. */
function readResult(result: Json | undefined): readonly Severity[] {
  if (Array.isArray(result)) return readEntries(result, "result", readFinding);
  const { Results } = readObject(result ?? null, "result");
  if (Results === undefined) throw hubAnswer.invalid("result", "must be a list of findings");
  return readEntries(Results, "result.Results", readTarget).flat();
}

function readFinding(value: Json, part: string): Severity {
  const fields = readObject(value, part);
  return worstSeverity(readEntries(fields["severity"], `${part}.severity`, readRating));
}

function readRating(value: Json, part: string): Severity {
  const { score } = readObject(value, part);
  return typeof score === "string" || typeof score === "number" ? parseSeverity(score) : "unknown";
}

function readTarget(value: Json, part: string): readonly Severity[] {
  const fields = readObject(value, part);
  return readEntries(fields["Vulnerabilities"], `${part}.Vulnerabilities`, (entry, at) => {
    const { Severity: rating } = readObject(entry, at);
    return typeof rating === "string" ? parseSeverity(rating) : "unknown";
  });
}

function parseTime(text: string): number | undefined {
  const at = text.length <= 64 ? Date.parse(text) : NaN;
  return Number.isNaN(at) ? undefined : at;
}
