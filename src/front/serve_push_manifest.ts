import { failureFacts } from "../client/mod.ts";
import {
  decodeUtf8,
  type HashAlgorithm,
  isTidegateError,
  type RegistryResponse,
  TidegateError,
} from "../core/mod.ts";
import {
  MAX_PUSH_TAGS,
  missingBlobsError,
  type PushedManifestHead,
  pushManifestRequest,
  readPushManifest,
  responseError,
} from "../distribution/mod.ts";
import { digestBytes } from "../hash/mod.ts";
import { type Manifest, parseManifest } from "../manifest/mod.ts";
import { observe } from "../observability/mod.ts";
import {
  type Digest,
  digestAlgorithm,
  formatDigest,
  isTag,
  tryParseDigest,
} from "../reference/mod.ts";
import { discard } from "../transport/mod.ts";
import type { Answer } from "./answer.ts";
import { readConditions } from "./conditions.ts";
import { forgetManifests } from "./cached_manifest.ts";
import type { DoorRequest } from "./door_request.ts";
import { type RefusalName, refuse } from "./error_answer.ts";
import { readRequestBody } from "./request_body.ts";

/**
 * PUT of a manifest, by tag or digest, with further tags in `?tag=` beside a digest.
 *
 * Read whole, parsed and hashed before anything is sent: what the door would not hand out is not
 * taken either. The upstream's answer counts only if it names the digest of these bytes, or none.
 * Whether further tags were set (`OCI-Tag`) and the subject is listed (`OCI-Subject`) is the
 * upstream's to say; the values are the caller's own.
 *
 * @throws {TidegateError} What the upstream's refusal means; DIGEST_MISMATCH when it stored something
 * else.
 * @see {@link https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests | distribution-spec, Pushing Manifests}
 */
export async function servePushManifest(door: DoorRequest, reference: string): Promise<Answer> {
  const tags = readTags(door, reference);
  if (typeof tags === "string") return refuse(tags);
  const conditions = readConditions(door.request);
  if (conditions === undefined) return refuse("badCondition");
  const bytes = await readRequestBody(door, door.services.settings.limits.manifestBytes);
  if (typeof bytes === "string") return refuse(bytes);
  const manifest = tryParseManifest(door, bytes);
  if (manifest === undefined) return refuse("invalidManifest");
  const asked = tryParseDigest(reference);
  const digest = await digestOf(bytes, asked === undefined ? "sha256" : digestAlgorithm(asked));
  if (asked !== undefined && asked !== digest) return refuse("wrongDigest");
  const { target, request: { signal } } = door;
  const options = { ...conditions, tags, signal };
  const request = pushManifestRequest(target, reference, bytes, manifest.mediaType, options);
  const response = await door.send(request);
  const { status } = response;
  if (status !== 201 && status !== 202) throw await refusal(door, response, reference, bytes);
  const pushed = await acknowledged(door, response, bytes, digest);
  const tagged = tags.filter((tag) => pushed.tags.includes(tag));
  await forgetManifests(door);
  reportPushed(door, pushed, bytes.length, asked === undefined ? [reference] : tagged);
  return answerPushed(door, manifest, tagged, pushed);
}

/** The further tags of a push, or how to refuse them. */
function readTags({ url }: DoorRequest, reference: string): readonly string[] | RefusalName {
  const tags = [...new Set(url.searchParams.getAll("tag"))];
  if (tags.length > 0 && isTag(reference)) return "badQuery";
  if (tags.length > MAX_PUSH_TAGS) return "tooManyTags";
  return tags.every(isTag) ? tags : "badTag";
}

/** @returns Undefined for what clients would not agree on, or the door would not hand out. */
function tryParseManifest(
  { request: { headers } }: DoorRequest,
  bytes: Uint8Array<ArrayBuffer>,
): Manifest | undefined {
  try {
    return parseManifest(bytes, { contentType: headers.get("content-type") ?? undefined });
  } catch (error) {
    if (isTidegateError(error)) return undefined;
    throw error;
  }
}

async function digestOf(
  bytes: Uint8Array<ArrayBuffer>,
  algorithm: HashAlgorithm,
): Promise<Digest> {
  return formatDigest(algorithm, await digestBytes(algorithm, bytes));
}

/** The error for a refused push. Of what the upstream says it lacks, only what the caller lists. */
async function refusal(
  { target, request: { signal }, services: { clock } }: DoorRequest,
  response: RegistryResponse,
  reference: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<TidegateError> {
  const image = `${target.repository}:${reference}`;
  const facts = await failureFacts(response, clock, signal);
  const missing = missingBlobsError(facts, image);
  if (missing === undefined) return responseError(facts, image);
  const { details, message } = missing;
  const text = decodeUtf8(bytes);
  const digests = details.digests.filter((digest) => text.includes(digest));
  return new TidegateError("MANIFEST_BLOB_UNKNOWN", message, { ...details, digests });
}

interface Acknowledged extends PushedManifestHead {
  readonly digest: Digest;
}

/**
 * What the upstream says of the manifest that it took, under the digest to call it by.
 * @throws {TidegateError} DIGEST_MISMATCH when that is not the digest of what was sent.
 */
async function acknowledged(
  { services: { clock } }: DoorRequest,
  response: RegistryResponse,
  bytes: Uint8Array<ArrayBuffer>,
  digest: Digest,
): Promise<Acknowledged> {
  discard(response, clock);
  const head = readPushManifest(response.status, response.headers);
  const announced = head.digest ?? digest;
  if (announced === digest) return { ...head, digest };
  // a registry may name content by another algorithm than the one asked for
  const computed = await digestOf(bytes, digestAlgorithm(announced));
  if (announced === computed) return { ...head, digest };
  const { origin } = new URL(response.url);
  const message = `${origin} stored ${announced} for the manifest ${computed}`;
  throw new TidegateError("DIGEST_MISMATCH", message, { expected: computed, computed: announced });
}

function reportPushed(
  { services: { observer }, selection }: DoorRequest,
  { digest }: Acknowledged,
  size: number,
  tags: readonly string[],
): void {
  const upstream = selection.upstream.upstream.name;
  observe(observer, { type: "manifest.pushed", upstream, digest, size, tags });
}

function answerPushed(
  { name, selection: { namespace } }: DoorRequest,
  { subject }: Manifest,
  tagged: readonly string[],
  { digest, subject: listed }: Acknowledged,
): Answer {
  const query = namespace === undefined ? "" : `?ns=${encodeURIComponent(namespace)}`;
  return {
    status: 201,
    headers: {
      "location": `/v2/${name}/manifests/${digest}${query}`,
      "docker-content-digest": digest,
      ...(subject !== undefined && subject.digest === listed && { "oci-subject": listed }),
      ...(tagged.length > 0 && { "oci-tag": tagged.join(", ") }),
    },
    body: null,
    length: 0,
  };
}
