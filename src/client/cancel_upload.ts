import type { CallOptions, ClientContext } from "./context.ts";
import { askStatus, cancelSession, permitSession, type PushScope } from "./upload_calls.ts";
import { parseUploadRecord, type UploadRecord } from "./upload_record.ts";

/**
 * Give up an upload that another process began, from the record that it kept (end-14). The registry
 * frees what it holds; one that cannot lets the upload lapse by itself.
 *
 * @returns Whether the registry still knew it, as far as it tells.
 * @throws {TidegateError} UPLOAD_FAILED for a malformed record; ORIGIN_NOT_TRUSTED for a location that
 * the registry may not name; what the registry answers when asked for the upload.
 */
export async function cancelUpload(
  context: ClientContext,
  record: UploadRecord,
  { signal }: CallOptions = {},
): Promise<boolean> {
  const { location, target } = parseUploadRecord(record);
  const connection = context.connect(target);
  const scope: PushScope = { context, connection, image: target.repository, signal };
  const known = permitSession(scope, { location }, `${connection.target.origin}/v2/`);
  const status = await askStatus(scope, known.location);
  if (status.state === "gone") return false;
  await cancelSession(scope, status.state === "known" ? status.session.location : known.location);
  return true;
}
