import type { Json } from "../core/mod.ts";
import { hubAnswer, readCount, readEntries, readFlag, readName } from "./fields.ts";

const { readDate, readObject, readOptional, readString } = hubAnswer;

/** A repository as Docker Hub lists it. What an answer leaves out is `undefined`. */
export interface HubRepository {
  readonly namespace: string;
  readonly name: string;
  /** At most 100 characters. Text of whoever owns it. */
  readonly description: string | undefined;
  readonly isPrivate: boolean;
  /** `image`, `plugin`… */
  readonly type: string | undefined;
  readonly stars: number | undefined;
  readonly pulls: number | undefined;
  /** Milliseconds since the epoch. */
  readonly updatedAt: number | undefined;
  /** Milliseconds since the epoch. */
  readonly registeredAt: number | undefined;
  /** Bytes of all that is stored. */
  readonly storageBytes: number | undefined;
  readonly mediaTypes: readonly string[];
  readonly contentTypes: readonly string[];
}

/** What may be done with a repository. */
export interface HubPermissions {
  readonly read: boolean;
  readonly write: boolean;
  readonly admin: boolean;
}

/** A repository with its details. */
export interface HubRepositoryDetails extends HubRepository {
  /** Markdown, up to 25,000 characters. Text of whoever owns it. */
  readonly fullDescription: string | undefined;
  readonly collaborators: number | undefined;
  /** What the login may do; `undefined` for nobody's. */
  readonly permissions: HubPermissions | undefined;
}

/** Read a repository out of a listing. */
export function readRepository(value: Json | undefined, part: string): HubRepository {
  const fields = readObject(value, part);
  return {
    namespace: readName(fields["namespace"], `${part}.namespace`),
    name: readName(fields["name"], `${part}.name`),
    description: readOptional(fields, "description", part, readString),
    isPrivate: readOptional(fields, "is_private", part, readFlag) ?? false,
    type: readOptional(fields, "repository_type", part, readString),
    stars: readOptional(fields, "star_count", part, readCount),
    pulls: readOptional(fields, "pull_count", part, readCount),
    updatedAt: readOptional(fields, "last_updated", part, readDate),
    registeredAt: readOptional(fields, "date_registered", part, readDate),
    storageBytes: readOptional(fields, "storage_size", part, readCount),
    mediaTypes: readEntries(fields["media_types"], `${part}.media_types`, readString),
    contentTypes: readEntries(fields["content_types"], `${part}.content_types`, readString),
  };
}

/** Read a repository that was asked for by name. */
export function readRepositoryDetails(
  value: Json | undefined,
  part = "repository",
): HubRepositoryDetails {
  const fields = readObject(value, part);
  return {
    ...readRepository(value, part),
    fullDescription: readOptional(fields, "full_description", part, readString),
    collaborators: readOptional(fields, "collaborator_count", part, readCount),
    permissions: readOptional(fields, "permissions", part, readPermissions),
  };
}

function readPermissions(value: Json, part: string): HubPermissions {
  const fields = readObject(value, part);
  return {
    read: readOptional(fields, "read", part, readFlag) ?? false,
    write: readOptional(fields, "write", part, readFlag) ?? false,
    admin: readOptional(fields, "admin", part, readFlag) ?? false,
  };
}
