import type { Json } from "../core/mod.ts";
import {
  type JsonObject,
  optional,
  readCount,
  readFlag,
  readList,
  readName,
  readObject,
  readString,
  readTime,
} from "./fields.ts";

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
    description: optional(fields, "description", part, readString),
    isPrivate: optional(fields, "is_private", part, readFlag) ?? false,
    type: optional(fields, "repository_type", part, readString),
    stars: optional(fields, "star_count", part, readCount),
    pulls: optional(fields, "pull_count", part, readCount),
    updatedAt: optional(fields, "last_updated", part, readTime),
    registeredAt: optional(fields, "date_registered", part, readTime),
    storageBytes: optional(fields, "storage_size", part, readCount),
    mediaTypes: readList(fields["media_types"], `${part}.media_types`, readString),
    contentTypes: readList(fields["content_types"], `${part}.content_types`, readString),
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
    fullDescription: optional(fields, "full_description", part, readString),
    collaborators: optional(fields, "collaborator_count", part, readCount),
    permissions: optional(fields, "permissions", part, readPermissions),
  };
}

function readPermissions(value: Json, part: string): HubPermissions {
  const fields: JsonObject = readObject(value, part);
  return {
    read: optional(fields, "read", part, readFlag) ?? false,
    write: optional(fields, "write", part, readFlag) ?? false,
    admin: optional(fields, "admin", part, readFlag) ?? false,
  };
}
