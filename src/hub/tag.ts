import type { Json } from "../core/mod.ts";
import { type Digest, isTag, parseDigest, tryParseDigest } from "../reference/mod.ts";
import { hubAnswer, readCount, readEntries } from "./fields.ts";

const { readDate, readObject, readOptional, readString } = hubAnswer;

/** One image of a tag: of one platform. */
export interface HubTagImage {
  readonly os: string | undefined;
  readonly architecture: string | undefined;
  readonly variant: string | undefined;
  /** Absent for images of old. */
  readonly digest: Digest | undefined;
  /** Bytes, compressed. */
  readonly size: number | undefined;
  /** Milliseconds since the epoch. */
  readonly lastPulledAt: number | undefined;
  /** Milliseconds since the epoch. */
  readonly lastPushedAt: number | undefined;
}

/** A tag as Docker Hub knows it. Its word, not verified: pull by `digest` to be sure. */
export interface HubTag {
  readonly name: string;
  /** What the tag pointed to when the Hub was asked. */
  readonly digest: Digest | undefined;
  readonly mediaType: string | undefined;
  /** Bytes of all its images. */
  readonly size: number | undefined;
  readonly images: readonly HubTagImage[];
  /** Milliseconds since the epoch. */
  readonly updatedAt: number | undefined;
  /** User name of whoever pushed it last. */
  readonly updatedBy: string | undefined;
  /** `active`, `inactive`… */
  readonly status: string | undefined;
  /** Milliseconds since the epoch. */
  readonly lastPulledAt: number | undefined;
  /** Milliseconds since the epoch. */
  readonly lastPushedAt: number | undefined;
}

/** Read a tag. Docker's documentation calls the state `status`; the API sends `tag_status`. */
export function readTag(value: Json | undefined, part = "tag"): HubTag {
  const fields = readObject(value, part);
  const name = readString(fields["name"], `${part}.name`);
  if (!isTag(name)) throw hubAnswer.invalid(`${part}.name`, "must be a tag");
  return {
    name,
    digest: readOptional(fields, "digest", part, readDigest),
    mediaType: readOptional(fields, "media_type", part, readString),
    size: readOptional(fields, "full_size", part, readCount),
    images: readEntries(fields["images"], `${part}.images`, readImage),
    updatedAt: readOptional(fields, "last_updated", part, readDate),
    updatedBy: readOptional(fields, "last_updater_username", part, readString),
    status: readOptional(fields, "tag_status", part, readString) ??
      readOptional(fields, "status", part, readString),
    lastPulledAt: readOptional(fields, "tag_last_pulled", part, readDate),
    lastPushedAt: readOptional(fields, "tag_last_pushed", part, readDate),
  };
}

function readImage(value: Json, part: string): HubTagImage {
  const fields = readObject(value, part);
  return {
    os: readOptional(fields, "os", part, readString),
    architecture: readOptional(fields, "architecture", part, readString),
    variant: readOptional(fields, "variant", part, readString),
    digest: readOptional(fields, "digest", part, readDigest),
    size: readOptional(fields, "size", part, readCount),
    lastPulledAt: readOptional(fields, "last_pulled", part, readDate),
    lastPushedAt: readOptional(fields, "last_pushed", part, readDate),
  };
}

/** Empty for images of old. */
function readDigest(value: Json, part: string): Digest | undefined {
  const text = readString(value, part);
  if (text === "") return undefined;
  if (tryParseDigest(text) === undefined) throw hubAnswer.invalid(part, "must be a digest");
  return parseDigest(text);
}
