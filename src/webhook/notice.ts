import type { SeverityCounts } from "../attestation/mod.ts";
import { excerpt, isJsonObject, type Json, TidegateError } from "../core/mod.ts";
import { type Digest, isRepositoryName, isTag } from "../reference/mod.ts";

interface NoticeFacts {
  /** The registry's name of it, by the grammar of references. */
  readonly repository: string;
  readonly pusher?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly timestamp?: number | undefined;
}

/** A sender says that a tag was pushed, or a manifest without one. */
export interface PushNotice extends NoticeFacts {
  readonly kind: "push";
  readonly tag: string | undefined;
  readonly digest?: Digest | undefined;
  /** Other tags may have moved too, which the sender does not name. Default is false. */
  readonly hasMoreTags?: boolean;
}

/** A sender says that a tag or a manifest was deleted. */
export interface DeleteNotice extends NoticeFacts {
  readonly kind: "delete";
  readonly tag: string | undefined;
  readonly digest?: Digest | undefined;
}

/** A sender says how a scan ended. */
export interface VulnerabilityNotice extends NoticeFacts {
  readonly kind: "vulnerability";
  readonly tag?: string | undefined;
  readonly digest: Digest;
  readonly severities: SeverityCounts;
}

/** What a sender claims. A hint: the registry is asked before anybody is told. */
export type Notice = PushNotice | DeleteNotice | VulnerabilityNotice;

const LONGEST_LOGIN = 128;

/** The error for a webhook that is not what its provider sends. Quotes nothing of it. */
export function invalidWebhook(
  provider: string,
  reason: string,
): TidegateError<"INVALID_WEBHOOK"> {
  return new TidegateError("INVALID_WEBHOOK", `The webhook of ${provider} ${reason}`, {
    provider,
    reason,
  });
}

/** A member of a JSON object; undefined where there is none, or no object. */
export function member(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let found: Json | undefined = value;
  for (const key of path) {
    if (!isJsonObject(found)) return undefined;
    found = Object.hasOwn(found, key) ? found[key] : undefined;
  }
  return found;
}

/** The same, where it is text and not empty. */
export function textMember(
  value: Json | undefined,
  ...path: readonly string[]
): string | undefined {
  const found = member(value, ...path);
  return typeof found === "string" && found !== "" ? found : undefined;
}

/** A login for events and logs: cut, its control characters escaped. */
export function loginOf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : excerpt(text, LONGEST_LOGIN);
}

/**
 * A repository name in lower case.
 * @throws {TidegateError} INVALID_WEBHOOK.
 */
export function requireRepository(provider: string, name: string | undefined): string {
  const repository = name?.toLowerCase();
  if (repository !== undefined && isRepositoryName(repository)) return repository;
  throw invalidWebhook(provider, "must name a repository");
}

/**
 * A tag, or undefined for none.
 * @throws {TidegateError} INVALID_WEBHOOK for what is no tag.
 */
export function requireTag(provider: string, tag: string | undefined): string | undefined {
  if (tag === undefined || isTag(tag)) return tag;
  throw invalidWebhook(provider, "must name a tag by the grammar of OCI");
}
