import { isJsonObject, type Json } from "../core/mod.ts";
import { type Digest, tryParseDigest } from "../reference/mod.ts";
import { githubAnswer } from "./fields.ts";

const { readCount, readDate, readList, readObject, readOptional, readString } = githubAnswer;

/** A container package: all versions of one image name. */
export interface GhcrPackage {
  readonly id: number;
  /** Without its owner: `app`, `app/web`. */
  readonly name: string;
  /** `public`, `private` or `internal`. */
  readonly visibility: string;
  /** The account that owns it. */
  readonly owner: string | undefined;
  /** The repository it belongs to: `acme/app`. */
  readonly repository: string | undefined;
  readonly versionCount: number | undefined;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Milliseconds since the epoch. */
  readonly updatedAt: number;
}

/** One version of a package: one manifest, with all the tags that point to it. */
export interface PackageVersion {
  readonly id: number;
  readonly digest: Digest;
  /** Empty for a manifest that an index lists, and for what lost its tag. */
  readonly tags: readonly string[];
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Milliseconds since the epoch. */
  readonly updatedAt: number;
  /** Milliseconds since the epoch; absent for one that is there. */
  readonly deletedAt?: number;
}

/**
 * Read a package as the API sends it.
 *
 * @throws {TidegateError} INVALID_RESPONSE naming the field.
 */
export function readPackage(value: Json, part: string): GhcrPackage {
  const fields = readObject(value, part);
  const { owner, repository } = fields;
  return {
    id: readCount(fields["id"], `${part}.id`),
    name: readString(fields["name"], `${part}.name`),
    visibility: readString(fields["visibility"], `${part}.visibility`),
    owner: readField(owner, "login", `${part}.owner`),
    repository: readField(repository, "full_name", `${part}.repository`),
    versionCount: readOptional(fields, "version_count", part, readCount),
    createdAt: readDate(fields["created_at"], `${part}.created_at`),
    updatedAt: readDate(fields["updated_at"], `${part}.updated_at`),
  };
}

/**
 * Read a version of a container package.
 *
 * @throws {TidegateError} INVALID_RESPONSE naming the field.
 */
export function readPackageVersion(value: Json, part: string): PackageVersion {
  const fields = readObject(value, part);
  const deletedAt = readOptional(fields, "deleted_at", part, readDate);
  return {
    id: readCount(fields["id"], `${part}.id`),
    digest: readName(fields["name"], `${part}.name`),
    tags: readTags(fields["metadata"], `${part}.metadata`),
    createdAt: readDate(fields["created_at"], `${part}.created_at`),
    updatedAt: readDate(fields["updated_at"], `${part}.updated_at`),
    ...(deletedAt === undefined ? {} : { deletedAt }),
  };
}

function readName(value: Json | undefined, part: string): Digest {
  const digest = tryParseDigest(readString(value, part));
  if (digest !== undefined) return digest;
  throw githubAnswer.invalid(part, "must be the digest of a manifest");
}

/** Without `metadata` nobody could tell a tagged version from one without tags. */
function readTags(value: Json | undefined, part: string): readonly string[] {
  const container = readObject(readObject(value, part)["container"], `${part}.container`);
  return readList(container["tags"], `${part}.container.tags`, readString);
}

function readField(value: Json | undefined, name: string, part: string): string | undefined {
  return isJsonObject(value) ? readOptional(value, name, part, readString) : undefined;
}
