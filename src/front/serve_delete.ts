import type { RegistryRequest } from "../core/mod.ts";
import { deleteBlobRequest, deleteManifestRequest, isDeleted } from "../distribution/mod.ts";
import type { Digest } from "../reference/mod.ts";
import { discard } from "../transport/mod.ts";
import type { Answer } from "./answer.ts";
import { forgetManifests } from "./cached_manifest.ts";
import type { DoorRequest } from "./door_request.ts";
import { ask } from "./exchange.ts";

/**
 * DELETE of a manifest by digest, or of a tag.
 * @throws {TidegateError} What the upstream's refusal means.
 */
export async function serveDeleteManifest(door: DoorRequest, reference: string): Promise<Answer> {
  const { target, request: { signal } } = door;
  const request = deleteManifestRequest(target, reference, { signal });
  const answer = await answerDelete(door, request, reference);
  await forgetManifests(door);
  return answer;
}

/**
 * DELETE of a blob.
 * @throws {TidegateError} What the upstream's refusal means.
 */
export async function serveDeleteBlob(door: DoorRequest, digest: Digest): Promise<Answer> {
  const { target, request: { signal } } = door;
  return await answerDelete(door, deleteBlobRequest(target, digest, { signal }), digest);
}

async function answerDelete(
  door: DoorRequest,
  request: RegistryRequest,
  what: string,
): Promise<Answer> {
  const response = await ask(door, request, `${door.target.repository}:${what}`, isDeleted);
  discard(response, door.services.clock);
  return { status: 202, headers: {}, body: null, length: 0 };
}
