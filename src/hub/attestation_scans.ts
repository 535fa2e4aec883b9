import type { CallOptions } from "../client/mod.ts";
import type { Descriptor, Manifest } from "../manifest/mod.ts";
import type { ScanFindings, ScanSource, ScanSubject } from "./scan_source.ts";
import { isFindingsPredicate, readFindings } from "./statement.ts";

const MAX_STATEMENT_BYTES: number = 4 * 1024 * 1024;
const MAX_CANDIDATES = 16; // each costs a pull

/**
 * Findings that BuildKit filed in the image's own index, as in-toto statements. Each attestation
 * manifest that is looked at counts as a pull.
 *
 * @see {@link https://github.com/moby/buildkit/blob/master/docs/attestations/attestation-storage.md | BuildKit, attestation storage}
 */
export function attestationScans(): ScanSource {
  return {
    name: "attestation",
    find: (subject, options) => findIn(subject, attestationsOf(subject), options),
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
      const { registry, ref, digest } = subject;
      const found: Descriptor[] = [];
      const place = { registry: ref.registry, repository: ref.repository, digest };
      for await (const referrer of registry.referrers.list(place, options)) {
        if (isStatement(referrer)) found.push(referrer);
        if (found.length === MAX_CANDIDATES) break;
      }
      return await findIn(subject, found, options);
    },
  };
}

function attestationsOf({ index, digest }: ScanSubject): readonly Descriptor[] {
  if (index?.manifest.kind !== "index") return [];
  return index.manifest.manifests.filter(({ annotations }) =>
    annotations?.["vnd.docker.reference.type"] === "attestation-manifest" &&
    annotations["vnd.docker.reference.digest"] === digest
  ).slice(0, MAX_CANDIDATES);
}

/** What may hold an in-toto statement: by its own word, or by not saying. */
function isStatement({ artifactType, annotations }: Descriptor): boolean {
  const predicate = annotations?.["in-toto.io/predicate-type"] ?? annotations?.["predicateType"];
  if (predicate !== undefined) return isFindingsPredicate(predicate);
  return artifactType === undefined || /in-toto|dsse|docker\.attestation/.test(artifactType);
}

async function findIn(
  subject: ScanSubject,
  candidates: readonly Descriptor[],
  options: CallOptions,
): Promise<ScanFindings | undefined> {
  const { registry, ref: { registry: host, repository } } = subject;
  for (const { digest } of candidates) {
    const { manifest } = await registry.manifests.get(
      { registry: host, repository, digest },
      options,
    );
    for (const layer of findingLayers(manifest)) {
      const { signal } = options;
      const place = { registry: host, repository, digest };
      const blob = await registry.blobs.get(place, layer.digest, { size: layer.size, signal });
      const found = readFindings(await blob.bytes(MAX_STATEMENT_BYTES), subject.digest);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function findingLayers(manifest: Manifest): readonly Descriptor[] {
  if (manifest.kind !== "image") return [];
  return manifest.layers.filter(({ annotations }) =>
    isFindingsPredicate(
      annotations?.["in-toto.io/predicate-type"] ?? annotations?.["predicateType"],
    )
  );
}
