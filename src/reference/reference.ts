import { isTidegateError } from "../core/mod.ts";
import { type Digest, parseDigest } from "./digest.ts";
import { invalid } from "./invalid.ts";
import { brokenRegistryRule, looksLikeRegistry } from "./registry_name.ts";
import { parseRepositoryName } from "./repository_name.ts";
import { parseTag } from "./tag.ts";

/** What a user asked for, in full. */
export interface Reference {
  /** Host and port as written: `docker.io`, `localhost:5000`, `[::1]:5000`. Case is kept. */
  readonly registry: string;
  /** `library/nginx`: the `<name>` of `/v2/<name>/…`. */
  readonly repository: string;
  /** Absent only beside a digest. */
  readonly tag?: string;
  /** Decides over the tag where both are given. */
  readonly digest?: Digest;
}

const HUB = "docker.io";
const HUB_OLD_NAME = "index.docker.io";
const OFFICIAL = "library/";
const LONGEST_REFERENCE = 1024; // host 255 + name 255 + tag 128 + digest 135 and separators is 777

/**
 * Read an image reference as Docker does: `[registry/]name[:tag][@digest]`.
 *
 * The part before the first `/` is a registry when it is `localhost`, contains `.` or `:`, or has an
 * upper-case letter; otherwise the image is on `docker.io`, where a bare name is under `library/`.
 * `index.docker.io` becomes `docker.io`. The tag is `latest` when neither tag nor digest is given.
 *
 * @example Familiar and full names
 * ```ts
 * import { parseReference } from "tidegate";
 * parseReference("nginx");                  // docker.io, library/nginx, latest
 * parseReference("localhost:5000/app:v1");  // localhost:5000, app, v1
 * ```
 *
 * @throws {TidegateError} INVALID_IMAGE_REFERENCE for the whole or its registry; INVALID_NAME,
 * INVALID_TAG, INVALID_DIGEST or UNSUPPORTED (digest algorithm) for a part.
 * @see {@link https://github.com/distribution/reference | distribution/reference}
 */
export function parseReference(text: string): Reference {
  const reason = brokenRule(text);
  if (reason !== undefined) throw invalid("INVALID_IMAGE_REFERENCE", text, reason);
  const { name, tag, digest } = splitSuffixes(text);
  if (name === "" || name.endsWith("/")) {
    throw invalid("INVALID_IMAGE_REFERENCE", text, "must name a repository");
  }
  const { registry, repository } = splitRegistry(name);
  const hostReason = brokenRegistryRule(registry);
  if (hostReason !== undefined) throw invalid("INVALID_IMAGE_REFERENCE", text, hostReason);
  return {
    registry,
    repository: parseRepositoryName(repository),
    ...(tag === undefined && digest !== undefined ? {} : { tag: parseTag(tag ?? "latest") }),
    ...(digest === undefined ? {} : { digest: parseDigest(digest) }),
  };
}

/** {@linkcode parseReference}, with undefined for anything that it refuses. */
export function tryParseReference(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch (error) {
    if (isTidegateError(error)) return undefined;
    throw error;
  }
}

/**
 * Write a reference in full: `docker.io/library/nginx:latest`. Parsing it gives the same reference.
 */
export function formatReference(reference: Reference): string {
  return `${reference.registry}/${reference.repository}${suffixes(reference)}`;
}

/**
 * Write a reference as users of Docker do: without `docker.io/` and `library/` where that still
 * means the same image. Parsing it gives the same reference.
 */
export function formatFamiliar(reference: Reference): string {
  return familiarName(reference) + suffixes(reference);
}

function familiarName({ registry, repository }: Reference): string {
  if (registry !== HUB) return `${registry}/${repository}`;
  const official = repository.slice(OFFICIAL.length);
  if (repository.startsWith(OFFICIAL) && !official.includes("/")) return official;
  // `docker.io/localhost/app` without its registry would be an image on localhost
  const isAmbiguous = looksLikeRegistry(repository.slice(0, repository.indexOf("/")));
  return isAmbiguous ? `${registry}/${repository}` : repository;
}

function suffixes({ tag, digest }: Reference): string {
  return (tag === undefined ? "" : `:${tag}`) + (digest === undefined ? "" : `@${digest}`);
}

function brokenRule(text: string): string | undefined {
  if (text === "") return "must not be empty";
  if (text.length > LONGEST_REFERENCE) return `must have at most ${LONGEST_REFERENCE} characters`;
  // Docker takes 64 hex digits for the id of a local image
  if (/^[0-9a-f]{64}$/.test(text)) return "must not be 64 hex digits, which are an image id";
  return undefined;
}

/** The text before and after one character; all of it where that is at -1. */
function splitOnce(text: string, at: number): readonly [string, string | undefined] {
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function splitSuffixes(
  text: string,
): { name: string; tag: string | undefined; digest: string | undefined } {
  const [named, digest] = splitOnce(text, text.indexOf("@"));
  const [name, tag] = splitOnce(named, named.indexOf(":", named.lastIndexOf("/") + 1));
  return { name, tag, digest };
}

function splitRegistry(name: string): { registry: string; repository: string } {
  const slash = name.indexOf("/");
  const first = name.slice(0, Math.max(slash, 0));
  if (slash === -1 || !looksLikeRegistry(first)) return onHub(name);
  const rest = name.slice(slash + 1);
  return first === HUB || first === HUB_OLD_NAME
    ? onHub(rest)
    : { registry: first, repository: rest };
}

function onHub(name: string): { registry: string; repository: string } {
  return { registry: HUB, repository: name.includes("/") ? name : OFFICIAL + name };
}
