import type { CallOptions } from "../client/mod.ts";
import { isTidegateError } from "../core/mod.ts";
import type { Descriptor } from "../manifest/mod.ts";
import type { CopyDestination } from "./endpoint.ts";
import type { SyncDestination } from "./sync_options.ts";

/** What is known of an image's destination before the image is looked at. */
export interface TargetFacts {
  /** The registry knows no such repository: the image is not there, and hardly any of its blobs. */
  readonly isNew: boolean;
  /** What its name points to, where that was asked. */
  readonly looked?: { readonly there: Descriptor | undefined };
}

/** Nothing is known. */
export const UNKNOWN_TARGET: TargetFacts = { isNew: false };

/**
 * Find out whether a repository is new, by the first image that is to go there: what has that one is
 * not, and needs no listing. Else the registry must say that it does not know the repository. Whatever
 * fails is not known, and asked again when it matters. Never rejects.
 *
 * @param first Its answer serves that image, too.
 */
export async function probeTarget(
  destination: Pick<SyncDestination, "tags">,
  repository: string,
  first: CopyDestination,
  options: CallOptions,
): Promise<TargetFacts> {
  try {
    const there = await first.resolve(undefined, options);
    const isNew = there === undefined && await isUnknown(destination, repository, options);
    return { isNew, looked: { there } };
  } catch {
    return UNKNOWN_TARGET;
  }
}

async function isUnknown(
  destination: Pick<SyncDestination, "tags">,
  repository: string,
  options: CallOptions,
): Promise<boolean> {
  try {
    for await (const _ of destination.tags(repository, options)) break;
    return false; // even where there is none: some hide what they have
  } catch (error) {
    // 404 alone may mean that there are no listings
    return isTidegateError(error, "NOT_FOUND") &&
      error.details.diagnostics.some(({ code }) => code === "NAME_UNKNOWN");
  }
}
