import {
  countSeverities,
  isAbout,
  readScan,
  type SeverityCounts,
  type Statement,
  type Vulnerability,
  type VulnerabilityScan,
  worstOfEach,
} from "../attestation/mod.ts";
import { isTidegateError } from "../core/mod.ts";
import type { Platform } from "../manifest/mod.ts";
import { observe } from "../observability/mod.ts";
import type { Digest, Reference } from "../reference/mod.ts";
import type { ApiCallOptions } from "./api.ts";
import {
  type AttestationContext,
  type AttestationSource,
  type AttestedImage,
  SOURCES,
} from "./attestation_sources.ts";

/** A statement about an image, and where it was found. Its signature was not checked. */
export interface Attestation extends Statement {
  readonly source: AttestationSource;
}

/** How attestations are looked for. */
export interface AttestationOptions extends ApiCallOptions {
  /** Of a multi-arch image, the one for this platform. Default is linux/amd64. */
  readonly platform?: Platform | string | undefined;
}

/** How attestations are listed. */
export interface ListAttestationsOptions extends AttestationOptions {
  /** Only those of this predicate type. */
  readonly predicateType?: string | undefined;
}

/**
 * What is known of an image's vulnerabilities. It is as good as whoever attested it: signatures are
 * not checked.
 */
export type VulnerabilityReport =
  | {
    readonly status: "available";
    /** Of the image that was scanned. */
    readonly digest: Digest;
    readonly source: AttestationSource;
    readonly scanner: string | undefined;
    /** Milliseconds since the epoch. */
    readonly scannedAt: number | undefined;
    readonly counts: SeverityCounts;
    readonly total: number;
    readonly vulnerabilities: readonly Vulnerability[];
  }
  | {
    readonly status: "unavailable";
    readonly digest: Digest;
    /** Why: nobody attested a scan, or what could not be asked. */
    readonly reason: string;
  };

/** What is attested about images. */
export interface AttestationOperations {
  /**
   * All statements about an image: from GitHub's attestations, from what refers to the image in the
   * registry, from what BuildKit put into its index.
   */
  list(ref: Reference, options?: ListAttestationsOptions): AsyncIterable<Attestation>;
  /**
   * The newest scan that somebody attested. That there is none, or that it cannot be asked for, is a
   * value. Rejects with NOT_FOUND for no such image, and for what else keeps it from being found.
   */
  report(ref: Reference, options?: AttestationOptions): Promise<VulnerabilityReport>;
}

/** @see {@linkcode AttestationOperations} */
export function createAttestations(context: AttestationContext): AttestationOperations {
  return {
    async *list(ref, options = {}): AsyncGenerator<Attestation, void> {
      const { predicateType } = options;
      const image = await findImage(context, ref, options);
      const digests = [image.digest, image.root.digest];
      for (const source of Object.keys(SOURCES) as AttestationSource[]) {
        for await (const statement of SOURCES[source](context, image, options)) {
          const isWanted = isAbout(statement, digests) &&
            (predicateType === undefined || statement.predicateType === predicateType);
          if (isWanted) yield { ...statement, source };
        }
      }
    },
    report: (ref, options) => report(context, ref, options),
  };
}

async function report(
  context: AttestationContext,
  ref: Reference,
  options: AttestationOptions = {},
): Promise<VulnerabilityReport> {
  const image = await findImage(context, ref, options);
  const { digest } = image;
  const troubles: string[] = [];
  for (const source of Object.keys(SOURCES) as AttestationSource[]) {
    try {
      const scan = await newestScan(context, source, image, options);
      if (scan !== undefined) return tell(context, ref, available(digest, source, scan));
    } catch (error) {
      if (!isTidegateError(error)) throw error;
      troubles.push(`${source}: ${error.code}`);
    }
  }
  const reason = ["nobody attested a scan of it", ...troubles].join("; ");
  return { status: "unavailable", digest, reason };
}

async function newestScan(
  context: AttestationContext,
  source: AttestationSource,
  image: AttestedImage,
  options: ApiCallOptions,
): Promise<VulnerabilityScan | undefined> {
  const digests = [image.digest, image.root.digest];
  let newest: VulnerabilityScan | undefined;
  for await (const statement of SOURCES[source](context, image, options)) {
    const scan = isAbout(statement, digests) ? readScan(statement) : undefined;
    if (scan && (scan.scannedAt ?? 0) >= (newest?.scannedAt ?? 0)) newest = scan;
  }
  return newest;
}

function tell(
  { observer }: AttestationContext,
  { registry: upstream }: Reference,
  report: AvailableReport,
): AvailableReport {
  const { counts, digest } = report;
  observe(observer, { type: "vulnerabilities.seen", upstream, digest, ...counts });
  return report;
}

type AvailableReport = VulnerabilityReport & { readonly status: "available" };

function available(
  digest: Digest,
  source: AttestationSource,
  { findings, scanner, scannedAt }: VulnerabilityScan,
): AvailableReport {
  const vulnerabilities = worstOfEach(findings);
  return {
    status: "available",
    digest,
    source,
    scanner,
    scannedAt,
    counts: countSeverities(vulnerabilities.map(({ severity }) => severity)),
    total: vulnerabilities.length,
    vulnerabilities,
  };
}

async function findImage(
  { registry }: AttestationContext,
  ref: Reference,
  { platform = "linux/amd64", signal }: AttestationOptions,
): Promise<AttestedImage> {
  const root = await registry.manifests.get(ref, { signal });
  if (root.manifest.kind === "image") return { ref, root, digest: root.digest };
  const { registry: host, repository } = ref;
  const byDigest = { registry: host, repository, digest: root.digest };
  const { digest } = await registry.manifests.get(byDigest, { platform, signal });
  return { ref, root, digest };
}
