import {
  buildkitStatements,
  countSeverities,
  isAbout,
  isScanPredicate,
  predicateTypeOf,
  readScan,
  referrerStatements,
  type Statement,
  type StatementSearch,
} from "../attestation/mod.ts";
import type { Descriptor } from "../manifest/mod.ts";
import type { Digest } from "../reference/mod.ts";
import type { ScanFindings, ScanSource, ScanSubject } from "./scan_source.ts";

/** Each manifest costs a pull. */
const LIMITS = { maxManifests: 16, maxStatementBytes: 4 * 1024 * 1024 } as const;

/**
 * Findings that BuildKit filed in the image's own index, as in-toto statements. Each attestation
 * manifest that is looked at counts as a pull.
 */
export function attestationScans(): ScanSource {
  return {
    name: "attestation",
    async find(subject, options): Promise<ScanFindings | undefined> {
      const statements = buildkitStatements(searchOf(subject), subject.index?.manifest, options);
      return await firstScan(statements, subject.digest);
    },
  };
}

/**
 * Findings that refer to the image: in-toto statements, bare or in the envelopes of cosign. Each
 * manifest that is looked at counts as a pull.
 */
export function referrerScans(): ScanSource {
  return {
    name: "referrers",
    async find(subject, options): Promise<ScanFindings | undefined> {
      return await firstScan(referrerStatements(searchOf(subject), options), subject.digest);
    },
  };
}

/** Only what says itself that it holds findings is read: pulls are counted. */
function searchOf({ registry, ref: place, digest }: ScanSubject): StatementSearch {
  return {
    registry,
    place,
    digest,
    ...LIMITS,
    acceptsReferrer: mayHoldFindings,
    acceptsLayer: (layer) => isScanPredicate(predicateTypeOf(layer) ?? ""),
  };
}

/** By its own word, or by not saying. */
function mayHoldFindings(referrer: Descriptor): boolean {
  const predicateType = predicateTypeOf(referrer);
  if (predicateType !== undefined) return isScanPredicate(predicateType);
  const { artifactType } = referrer;
  return artifactType === undefined || /in-toto|dsse|docker\.attestation/.test(artifactType);
}

/** Signatures are not checked: it is the word of whoever may push to the repository. */
async function firstScan(
  statements: AsyncIterable<Statement>,
  image: Digest,
): Promise<ScanFindings | undefined> {
  for await (const statement of statements) {
    const scan = isAbout(statement, [image]) ? readScan(statement) : undefined;
    if (scan === undefined) continue;
    const { findings, scanner, scannedAt } = scan;
    const severities = countSeverities(findings.map(({ severity }) => severity));
    return { severities, scanner, scannedAt };
  }
  return undefined;
}
