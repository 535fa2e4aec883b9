import type { CallOptions, RegistryClient } from "../client/mod.ts";
import { isTidegateError } from "../core/mod.ts";
import type { Descriptor, Manifest } from "../manifest/mod.ts";
import type { Digest, Reference } from "../reference/mod.ts";
import { type Statement, tryReadStatement } from "./statement.ts";

/** Which statements are looked for, and how far. */
export interface StatementSearch {
  readonly registry: Pick<RegistryClient, "manifests" | "blobs" | "referrers">;
  /** Where the image is. */
  readonly place: Pick<Reference, "registry" | "repository">;
  /** The image for one platform. */
  readonly digest: Digest;
  /** Most manifests looked into: each costs a pull. */
  readonly maxManifests: number;
  /** Longest statement read. A longer one is passed over. */
  readonly maxStatementBytes: number;
  /** Whether a manifest that refers to the image is worth a pull. */
  readonly acceptsReferrer: (referrer: Descriptor) => boolean;
  /** Whether a layer is worth reading. */
  readonly acceptsLayer: (layer: Descriptor) => boolean;
}

/**
 * The statements that BuildKit filed beside an image, in the index above it.
 *
 * @param index What is above the image; nothing is found in anything but an index.
 * @throws {TidegateError} What the registry answers: while iterating.
 * @see {@link https://github.com/moby/buildkit/blob/master/docs/attestations/attestation-storage.md | BuildKit, attestation storage}
 */
export async function* buildkitStatements(
  search: StatementSearch,
  index: Manifest | undefined,
  options: CallOptions,
): AsyncGenerator<Statement, void> {
  const { place: { registry, repository }, digest: image, maxManifests } = search;
  const entries = index?.kind === "index" ? index.manifests : [];
  const ours = entries.filter(({ annotations }) =>
    annotations?.["vnd.docker.reference.type"] === "attestation-manifest" &&
    annotations["vnd.docker.reference.digest"] === image
  );
  for (const { digest } of ours.slice(0, maxManifests)) {
    yield* statementsIn(search, { registry, repository, digest }, options);
  }
}

/**
 * The statements in what refers to an image by its `subject`.
 *
 * @throws {TidegateError} What the registry answers: while iterating.
 */
export async function* referrerStatements(
  search: StatementSearch,
  options: CallOptions,
): AsyncGenerator<Statement, void> {
  const { place: { registry, repository }, maxManifests, acceptsReferrer } = search;
  const image = { registry, repository, digest: search.digest };
  let left = maxManifests;
  for await (const referrer of search.registry.referrers.list(image, options)) {
    if (!acceptsReferrer(referrer)) continue;
    yield* statementsIn(search, { registry, repository, digest: referrer.digest }, options);
    if (--left === 0) return;
  }
}

/**
 * The statements among the layers of a manifest, if it is there. What is no statement is passed over.
 *
 * @throws {TidegateError} What the registry answers, but for "not found": while iterating.
 */
export async function* statementsIn(
  { registry, maxStatementBytes, acceptsLayer }: StatementSearch,
  ref: Reference,
  { signal }: CallOptions,
): AsyncGenerator<Statement, void> {
  const layers = await layersOf(registry, ref, { signal });
  for (const { digest, size } of layers.filter(acceptsLayer)) {
    if (size > maxStatementBytes) continue;
    const blob = await registry.blobs.get(ref, digest, { size, signal });
    const statement = tryReadStatement(await blob.bytes(maxStatementBytes));
    if (statement !== undefined) yield statement;
  }
}

async function layersOf(
  { manifests }: StatementSearch["registry"],
  ref: Reference,
  options: CallOptions,
): Promise<readonly Descriptor[]> {
  try {
    const { manifest } = await manifests.get(ref, options);
    return manifest.kind === "image" ? manifest.layers : [];
  } catch (error) {
    if (isTidegateError(error, "NOT_FOUND")) return [];
    throw error;
  }
}

/** The predicate type that BuildKit or cosign notes on what holds a statement. */
export function predicateTypeOf({ annotations }: Descriptor): string | undefined {
  return annotations?.["in-toto.io/predicate-type"] ?? annotations?.["predicateType"];
}
