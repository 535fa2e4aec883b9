import { SEVERITIES, type SeverityCounts } from "../attestation/mod.ts";
import type { CallOptions, PulledManifest, RegistryClient } from "../client/mod.ts";
import { isTidegateError } from "../core/mod.ts";
import {
  DEFAULT_PLATFORM,
  isIndexMediaType,
  parsePlatform,
  type Platform,
  selectPlatform,
} from "../manifest/mod.ts";
import { observe, type Observer } from "../observability/mod.ts";
import type { Digest, Reference } from "../reference/mod.ts";
import { assertHub } from "./hub_name.ts";
import type { ScanSource, ScanSubject } from "./scan_source.ts";

/** Why a source had nothing to say: an error's code, or that it knows nothing of the image. */
export interface ScanMiss {
  readonly source: string;
  readonly reason: string;
}

/** What is known of an image's vulnerabilities. That nobody knows is an answer, not an error. */
export type ScanOverview =
  | {
    readonly state: "scanned";
    /** The image of one platform that was scanned. */
    readonly digest: Digest;
    readonly severities: SeverityCounts;
    readonly total: number;
    /** Who knows it: `scout`, `attestation`, `referrers`, or a source of your own. */
    readonly source: string;
    /** Milliseconds since the epoch, where the source tells. */
    readonly scannedAt: number | undefined;
    readonly scanner: string | undefined;
  }
  | {
    readonly state: "unavailable";
    readonly digest: Digest;
    /** One for each source, in the order asked. */
    readonly misses: readonly ScanMiss[];
  };

/** How an overview is got. */
export interface ScanOptions extends CallOptions {
  /** Which image of an index. Default is linux/amd64. */
  readonly platform?: Platform | string | undefined;
}

/** Vulnerabilities of images. */
export interface HubScanOperations {
  /**
   * Count an image's vulnerabilities by severity, as the first source says that knows it. A tag is
   * resolved by HEAD; an index costs a pull, as do attestations that are looked into.
   *
   * @throws {TidegateError} What resolving the reference throws; never what a source does.
   */
  overview(ref: Reference, options?: ScanOptions): Promise<ScanOverview>;
}

/** Where scans are looked for, and who is told what they found. */
export interface ScanContext {
  readonly registry: RegistryClient;
  /** Name of the registry's upstream, for events. */
  readonly upstream: string;
  readonly observer: Observer | undefined;
  /** Which image of an index. Default is linux/amd64. */
  readonly platform?: Platform | string | undefined;
}

/** Scans of one registry, out of several sources: see {@linkcode HubScanOperations}. */
export function scanOperations(
  { registry, upstream, observer, platform = DEFAULT_PLATFORM }: ScanContext,
  sources: readonly ScanSource[],
): HubScanOperations {
  return {
    async overview(ref, options = {}): Promise<ScanOverview> {
      const wanted = options.platform ?? platform;
      const picked = typeof wanted === "string" ? parsePlatform(wanted) : wanted;
      const subject = await resolve(registry, assertHub(ref), picked, options);
      const overview = await askSources(sources, subject, options);
      if (overview.state === "scanned") {
        const { digest, severities } = overview;
        observe(observer, { type: "vulnerabilities.seen", upstream, digest, ...severities });
      }
      return overview;
    },
  };
}

async function resolve(
  registry: RegistryClient,
  ref: Reference,
  platform: Platform,
  { signal }: CallOptions,
): Promise<ScanSubject> {
  const { registry: host, repository } = ref;
  const head = await registry.manifests.head(ref, { signal });
  const { digest } = head;
  const exact = { registry: host, repository, digest };
  if (!isIndexMediaType(head.mediaType)) return { ref: exact, digest, index: undefined, registry };
  const index: PulledManifest = await registry.manifests.get(exact, { signal });
  const { manifest } = index;
  if (manifest.kind !== "index") return { ref: exact, digest, index: undefined, registry };
  return { ref: exact, digest: selectPlatform(manifest, platform).digest, index, registry };
}

async function askSources(
  sources: readonly ScanSource[],
  subject: ScanSubject,
  { signal }: CallOptions,
): Promise<ScanOverview> {
  const { digest } = subject;
  const misses: ScanMiss[] = [];
  for (const one of sources) {
    const { name: source } = one;
    try {
      const found = await one.find(subject, { signal });
      if (found !== undefined) {
        const { severities, scannedAt, scanner } = found;
        const total = SEVERITIES.reduce((sum, severity) => sum + severities[severity], 0);
        return { state: "scanned", digest, severities, total, source, scannedAt, scanner };
      }
      misses.push({ source, reason: "knows nothing of the image" });
    } catch (error) {
      signal?.throwIfAborted();
      misses.push({ source, reason: isTidegateError(error) ? error.code : "failed" });
    }
  }
  return { state: "unavailable", digest, misses };
}
