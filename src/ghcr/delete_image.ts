import { TidegateError } from "../core/mod.ts";
import { formatReference, type Reference } from "../reference/mod.ts";
import type { Accounts } from "./accounts.ts";
import type { ApiCallOptions } from "./api.ts";
import type { PackageOwner } from "./owner.ts";
import type { PackageVersion } from "./package.ts";
import type { PackageCalls } from "./packages.ts";

/** A version with the place where it is. */
export interface LocatedVersion {
  readonly owner: PackageOwner;
  readonly name: string;
  readonly version: PackageVersion;
}

/** How an image is deleted. */
export interface DeleteImageOptions extends ApiCallOptions {
  /** By tag: delete the image even if it has other tags, which go with it. Default is `false`. */
  readonly withOtherTags?: boolean | undefined;
}

/** What finding and deleting works with. */
export interface ImageContext {
  readonly packages: PackageCalls;
  readonly accounts: Accounts;
  /** Where the API is, for messages. */
  readonly origin: string;
}

/**
 * Find the version that a reference means: by its digest, else by its tag. The API cannot be asked for
 * one, so versions are listed, the newest first, until it comes.
 *
 * @throws {TidegateError} NOT_FOUND.
 */
export async function findVersion(
  { packages, accounts, origin }: ImageContext,
  ref: Reference,
  options: ApiCallOptions = {},
): Promise<LocatedVersion> {
  const { owner, name } = await accounts.ownerOf(ref, options);
  const { digest, tag = "latest" } = ref;
  for await (const version of packages.versions(owner, name, options)) {
    const isIt = digest === undefined ? version.tags.includes(tag) : version.digest === digest;
    if (isIt) return { owner, name, version };
  }
  throw notFound(origin, formatReference(ref));
}

/**
 * Delete an image through the Packages API: the registry refuses. With it go all its tags.
 *
 * @throws {TidegateError} NOT_FOUND; UNSUPPORTED by a tag, where the image has others; what else the
 * API answers.
 */
export async function deleteImage(
  context: ImageContext,
  ref: Reference,
  { signal, withOtherTags = false }: DeleteImageOptions = {},
): Promise<LocatedVersion> {
  const found = await findVersion(context, ref, { signal });
  const { owner, name, version } = found;
  const isAlone = ref.digest !== undefined || version.tags.length <= 1;
  if (!isAlone && !withOtherTags) throw hasOtherTags(ref, version.tags);
  await context.packages.deleteVersion(owner, name, version.id, { signal });
  return found;
}

function notFound(origin: string, image: string): TidegateError<"NOT_FOUND"> {
  const details = { status: 404, origin, diagnostics: [], image };
  return new TidegateError("NOT_FOUND", `${origin} has no ${image}`, details);
}

function hasOtherTags(
  ref: Reference,
  tags: readonly string[],
): TidegateError<"UNSUPPORTED"> {
  const others = tags.filter((tag) => tag !== ref.tag).slice(0, 16).join(", ");
  const what = `deleting ${ref.repository}:${ref.tag}`;
  const reason = `the image has other tags, which go with it (${others}): ` +
    "use withOtherTags, its digest, or tags.delete for the tag alone";
  return new TidegateError("UNSUPPORTED", `${what}: ${reason}`, { what, reason });
}
