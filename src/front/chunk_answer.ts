import type { UploadSession } from "../distribution/mod.ts";
import { receivedBytes } from "./upstream_upload.ts";

/** Statuses of a chunk that was taken: ECR answers 201, others 204. */
export const CHUNK_ACCEPTED: readonly number[] = [201, 202, 204];

/**
 * How many bytes there are after a chunk that was taken. An end before it is one that has not been
 * brought up to date, as ECR's are: the digest of the whole will tell.
 */
export function acceptedBytes(session: UploadSession, start: number, end: number): number {
  const received = receivedBytes(session, end);
  return received <= start ? end : received;
}
