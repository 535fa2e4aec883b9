import type { PulledManifest, RegistryClient } from "../client/mod.ts";
import { isTidegateError, type Json } from "../core/mod.ts";
import type { Descriptor } from "../manifest/mod.ts";
import type { Observer } from "../observability/mod.ts";
import { type Digest, fallbackTag, type Reference } from "../reference/mod.ts";
import type { Accounts } from "./accounts.ts";
import type { ApiCallOptions, GithubApi } from "./api.ts";
import { isObject, readJson } from "./fields.ts";
import { ownerPath } from "./owner.ts";
import { isStatementType, type Statement, tryReadStatement } from "./statement.ts";

/**
 * Where attestations are found: GitHub's own store, what refers to the image (by `subject`, or by
 * cosign's `.att` tag), what BuildKit put into the index.
 */
export type AttestationSource = "github" | "referrers" | "buildkit";

/** The image that statements are about. */
export interface AttestedImage {
  readonly ref: Reference;
  /** What the reference names: the image or an index above it. */
  readonly root: PulledManifest;
  /** Of the image. */
  readonly digest: Digest;
}

/** What attestations are looked for with. */
export interface AttestationContext {
  readonly api: GithubApi;
  readonly accounts: Accounts;
  readonly registry: Pick<RegistryClient, "manifests" | "blobs" | "referrers">;
  readonly observer: Observer | undefined;
}

/** The statements that one source has. What is no statement is passed over. */
type FindStatements = (
  context: AttestationContext,
  image: AttestedImage,
  options: ApiCallOptions,
) => AsyncIterable<Statement>;

/** The sources in the order of asking. */
export const SOURCES: Readonly<Record<AttestationSource, FindStatements>> = {
  github: fromGithub,
  referrers: fromReferrers,
  buildkit: fromBuildkit,
};

const MAX_REFERRERS = 64; // each is a manifest and its blobs to read
const MAX_STATEMENT_BYTES = 16 * 1024 * 1024;

/** Bundles that are kept elsewhere (`bundle_url`) are passed over. */
async function* fromGithub(
  { api, accounts }: AttestationContext,
  { ref, digest }: AttestedImage,
  { signal }: ApiCallOptions,
): AsyncGenerator<Statement, void> {
  const { owner } = await accounts.ownerOf(ref, { signal });
  const path = `${ownerPath(owner)}/attestations/${digest}`;
  const call = { what: `attestations of ${digest}`, signal, query: { per_page: "30" } };
  const list = (page: Json): Json | undefined => isObject(page) ? page["attestations"] : page;
  try {
    for await (const entry of api.list(path, call, list)) {
      const bundle = isObject(entry) ? entry["bundle"] : undefined;
      const statement = tryReadStatement(() => bundle ?? null);
      if (statement !== undefined) yield statement;
    }
  } catch (error) {
    if (!isTidegateError(error, "NOT_FOUND")) throw error;
  }
}

async function* fromReferrers(
  context: AttestationContext,
  { ref: { registry, repository }, digest }: AttestedImage,
  { signal }: ApiCallOptions,
): AsyncGenerator<Statement, void> {
  const image = { registry, repository, digest };
  let count = 0;
  for await (const { digest } of context.registry.referrers.list(image, { signal })) {
    if (count++ === MAX_REFERRERS) return;
    yield* statementsIn(context, { registry, repository, digest }, { signal });
  }
  const tag = `${fallbackTag(digest)}.att`;
  yield* statementsIn(context, { registry, repository, tag }, { signal });
}

/** @see {@link https://github.com/moby/buildkit/blob/master/docs/attestations/attestation-storage.md} */
async function* fromBuildkit(
  context: AttestationContext,
  { ref: { registry, repository }, root: { manifest }, digest }: AttestedImage,
  { signal }: ApiCallOptions,
): AsyncGenerator<Statement, void> {
  const entries = manifest.kind === "index" ? manifest.manifests : [];
  for (const entry of entries) {
    const { annotations = {} } = entry;
    const isOurs = annotations["vnd.docker.reference.type"] === "attestation-manifest" &&
      annotations["vnd.docker.reference.digest"] === digest;
    if (!isOurs) continue;
    yield* statementsIn(context, { registry, repository, digest: entry.digest }, { signal });
  }
}

/** The statements among the layers of a manifest, if it is there. */
async function* statementsIn(
  { registry }: AttestationContext,
  ref: Reference,
  { signal }: ApiCallOptions,
): AsyncGenerator<Statement, void> {
  const layers = await layersOf(registry, ref, { signal });
  for (const { digest, mediaType, size } of layers) {
    if (!isStatementType(mediaType) || size > MAX_STATEMENT_BYTES) continue;
    const blob = await registry.blobs.get(ref, digest, { size, signal });
    const bytes = await blob.bytes(MAX_STATEMENT_BYTES);
    const statement = tryReadStatement(() => readJson(bytes, "statement"));
    if (statement !== undefined) yield statement;
  }
}

async function layersOf(
  { manifests }: AttestationContext["registry"],
  ref: Reference,
  { signal }: ApiCallOptions,
): Promise<readonly Descriptor[]> {
  try {
    const { manifest } = await manifests.get(ref, { signal });
    return manifest.kind === "image" ? manifest.layers : [];
  } catch (error) {
    if (isTidegateError(error, "NOT_FOUND")) return [];
    throw error;
  }
}
