import {
  buildkitStatements,
  isStatementType,
  referrerStatements,
  type Statement,
  type StatementSearch,
  statementsIn,
  tryReadStatement,
} from "../attestation/mod.ts";
import type { PulledManifest, RegistryClient } from "../client/mod.ts";
import { isJsonObject, isTidegateError, type Json } from "../core/mod.ts";
import type { Observer } from "../observability/mod.ts";
import { type Digest, fallbackTag, type Reference } from "../reference/mod.ts";
import type { Accounts } from "./accounts.ts";
import type { ApiCallOptions, GithubApi } from "./api.ts";
import { ownerPath } from "./owner.ts";

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

/** Each manifest is one more to read, with its blobs. */
const LIMITS = { maxManifests: 64, maxStatementBytes: 16 * 1024 * 1024 } as const;

/** Bundles that are kept elsewhere (`bundle_url`) are passed over. */
async function* fromGithub(
  { api, accounts }: AttestationContext,
  { ref, digest }: AttestedImage,
  { signal }: ApiCallOptions,
): AsyncGenerator<Statement, void> {
  const { owner } = await accounts.ownerOf(ref, { signal });
  const path = `${ownerPath(owner)}/attestations/${digest}`;
  const call = { what: `attestations of ${digest}`, signal, query: { per_page: "30" } };
  const list = (page: Json): Json | undefined => isJsonObject(page) ? page["attestations"] : page;
  try {
    for await (const entry of api.list(path, call, list)) {
      const bundle = isJsonObject(entry) ? entry["bundle"] : undefined;
      const statement = tryReadStatement(bundle ?? null);
      if (statement !== undefined) yield statement;
    }
  } catch (error) {
    if (!isTidegateError(error, "NOT_FOUND")) throw error;
  }
}

/** By `subject`, and by cosign's tag. */
async function* fromReferrers(
  context: AttestationContext,
  image: AttestedImage,
  options: ApiCallOptions,
): AsyncGenerator<Statement, void> {
  const search = searchOf(context, image);
  yield* referrerStatements(search, options);
  const { registry, repository } = image.ref;
  const tag = `${fallbackTag(image.digest)}.att`;
  yield* statementsIn(search, { registry, repository, tag }, options);
}

function fromBuildkit(
  context: AttestationContext,
  image: AttestedImage,
  options: ApiCallOptions,
): AsyncGenerator<Statement, void> {
  return buildkitStatements(searchOf(context, image), image.root.manifest, options);
}

function searchOf(
  { registry }: AttestationContext,
  { ref: place, digest }: AttestedImage,
): StatementSearch {
  return {
    registry,
    place,
    digest,
    ...LIMITS,
    acceptsReferrer: () => true,
    acceptsLayer: ({ mediaType }) => isStatementType(mediaType),
  };
}
