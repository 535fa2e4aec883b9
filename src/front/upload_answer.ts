import { formatUploadRange } from "../distribution/mod.ts";
import type { Digest } from "../reference/mod.ts";
import { type Answer, bytesAnswer } from "./answer.ts";
import type { DoorRequest } from "./door_request.ts";
import { refuse } from "./error_answer.ts";
import type { Upload } from "./upload.ts";
import { sealFor } from "./upload_owner.ts";

/** 202 or 204: where the upload stands and goes on. */
export async function progressAnswer(
  door: DoorRequest,
  upload: Upload,
  status: 202 | 204,
): Promise<Answer> {
  const headers = await progressHeaders(door, upload);
  return { ...bytesAnswer(status, headers, NOTHING), ...(status === 204 && EMPTY) };
}

/** 416: the upload stands elsewhere than the chunk starts. It says where, and goes on from there. */
export async function outOfOrderAnswer(door: DoorRequest, upload: Upload): Promise<Answer> {
  return refuse("badChunk", await progressHeaders(door, upload));
}

/** 201: the blob is there. */
export function createdAnswer(door: DoorRequest, digest: Digest): Answer {
  const location = withNamespace(door, `/v2/${door.name}/blobs/${digest}`);
  return bytesAnswer(201, { location, "docker-content-digest": digest }, NOTHING);
}

const NOTHING = new Uint8Array(0);
const EMPTY = { body: null, length: undefined };

async function progressHeaders(
  door: DoorRequest,
  upload: Upload,
): Promise<Readonly<Record<string, string>>> {
  const { chunkBytes } = door.services.settings.limits;
  const { id, offset, minChunkBytes } = upload;
  const session = await sealFor(door, upload);
  return {
    "location": withNamespace(door, `/v2/${door.name}/blobs/uploads/${session}`),
    "range": formatUploadRange(offset - 1),
    "docker-upload-uuid": id,
    ...(minChunkBytes !== undefined && { "oci-chunk-min-length": String(minChunkBytes) }),
    ...(chunkBytes > 0 && { "oci-chunk-max-length": String(chunkBytes) }),
  };
}

function withNamespace({ selection: { namespace } }: DoorRequest, path: string): string {
  return namespace === undefined ? path : `${path}?ns=${encodeURIComponent(namespace)}`;
}
