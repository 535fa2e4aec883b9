import { isTidegateError, type RegistryResponse, type TidegateError } from "../core/mod.ts";
import {
  type ManifestHead,
  pullManifestRequest,
  readPullManifestHead,
} from "../distribution/mod.ts";
import { digestBytes } from "../hash/mod.ts";
import { isImageMediaType, isIndexMediaType, parseManifest } from "../manifest/mod.ts";
import { observe } from "../observability/mod.ts";
import { type Digest, digestAlgorithm, formatDigest, tryParseDigest } from "../reference/mod.ts";
import { verifyBytes } from "../verify/mod.ts";
import { type Answer, bytesAnswer } from "./answer.ts";
import { isCacheable, serveCachedManifest } from "./cached_manifest.ts";
import type { DoorRequest } from "./door_request.ts";
import { ask, readSmall, unlessRefused } from "./exchange.ts";

const MAX_ACCEPT_LENGTH = 4096; // a client that lists every media type there is sends about 600

/**
 * GET or HEAD of a manifest. GET is read whole and verified before anything is sent; for a tag the
 * computed digest is announced, whatever the upstream's header says.
 *
 * HEAD asks the upstream for a HEAD, which Docker Hub does not count as a pull, and reads the whole
 * manifest only where that leaves something unsaid.
 */
export async function serveManifest(door: DoorRequest, reference: string): Promise<Answer> {
  const { manifests } = door.services;
  const accept = door.request.headers.get("accept");
  if (manifests === undefined || !isCacheable(accept, reference)) {
    return await answerManifest(door, reference);
  }
  return await serveCachedManifest(door, manifests, reference, {
    digest: async () => {
      const { headers } = await answerHead(door, reference) ?? {};
      return headers?.["docker-content-digest"];
    },
    answer: () => answerManifest(door, reference),
  });
}

async function answerManifest(door: DoorRequest, reference: string): Promise<Answer> {
  const head = door.request.method === "HEAD" ? await answerHead(door, reference) : undefined;
  return head ?? await answerGet(door, reference);
}

/** @returns Undefined where GET might answer otherwise, or nobody can tell. */
async function answerHead(door: DoorRequest, reference: string): Promise<Answer | undefined> {
  const response = await unlessRefused(askManifest(door, reference, "HEAD"));
  if (response === undefined) return undefined;
  response.release();
  const { headers } = response;
  if (headers.has("content-encoding")) return undefined; // its length is not the manifest's
  const { mediaType, digest, size } = tryReadHead(response);
  if (mediaType === undefined || digest === undefined || size === undefined) return undefined;
  if (!isImageMediaType(mediaType) && !isIndexMediaType(mediaType)) return undefined;
  if (size > door.services.settings.limits.manifestBytes) return undefined;
  const asked = tryParseDigest(reference);
  if (asked !== undefined && asked !== digest) return undefined; // the bytes decide
  return { status: 200, headers: manifestHeaders(mediaType, digest), body: null, length: size };
}

/** A head that cannot be read says nothing: GET goes by the bytes. */
function tryReadHead({ status, headers }: RegistryResponse): Partial<ManifestHead> {
  try {
    return readPullManifestHead(status, headers);
  } catch (error) {
    if (isTidegateError(error, "INVALID_RESPONSE")) return {};
    throw error;
  }
}

async function answerGet(door: DoorRequest, reference: string): Promise<Answer> {
  const response = await askManifest(door, reference, "GET");
  const { manifestBytes } = door.services.settings.limits;
  const bytes = await readSmall(door, response, "manifest", manifestBytes);
  const digest = await verifiedDigest(door, reference, response, bytes);
  const upstream = door.selection.upstream.upstream.name;
  const verified = { upstream, digest, size: bytes.length };
  observe(door.services.observer, { type: "manifest.verified", ...verified });
  const contentType = response.headers.get("content-type");
  const { mediaType } = parseManifest(bytes, { ...(contentType && { contentType }) });
  return bytesAnswer(200, manifestHeaders(mediaType, digest), bytes);
}

function askManifest(
  door: DoorRequest,
  reference: string,
  method: "GET" | "HEAD",
): Promise<RegistryResponse> {
  const { target, request } = door;
  const accept = request.headers.get("accept");
  const isUsable = accept !== null && accept !== "*/*" && accept.length <= MAX_ACCEPT_LENGTH;
  return ask(
    door,
    pullManifestRequest(target, reference, {
      method,
      signal: request.signal,
      ...(isUsable && { accept }),
    }),
    `${target.repository}:${reference}`,
  );
}

/** The digest that was asked for, once the bytes have it; for a tag, the one that they have. */
async function verifiedDigest(
  { services, selection }: DoorRequest,
  reference: string,
  { headers }: RegistryResponse,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Digest> {
  const upstream = selection.upstream.upstream.name;
  const asked = tryParseDigest(reference);
  if (asked !== undefined) {
    await verifyBytes(bytes, { digest: asked }).catch((error) => {
      const { code } = error as TidegateError<"DIGEST_MISMATCH">;
      observe(services.observer, { type: "manifest.rejected", upstream, digest: asked, code });
      throw error;
    });
    return asked;
  }
  const announced = tryParseDigest(headers.get("docker-content-digest") ?? "");
  const algorithm = announced === undefined ? "sha256" : digestAlgorithm(announced);
  const computed = formatDigest(algorithm, await digestBytes(algorithm, bytes));
  if (announced !== undefined && announced !== computed) {
    observe(services.observer, { type: "digest.header_wrong", upstream, announced, computed });
  }
  return computed;
}

function manifestHeaders(mediaType: string, digest: Digest): Readonly<Record<string, string>> {
  return {
    "content-type": mediaType,
    "docker-content-digest": digest,
    "etag": `"${digest}"`,
  };
}
