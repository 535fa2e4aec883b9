import { mayPull } from "./access.ts";
import { errorReply } from "./error_body.ts";
import { isSupportedDigest } from "./names.ts";
import type { Exchange } from "./registry_state.ts";
import type { Reply } from "./reply.ts";
import { repositoryOf } from "./store.ts";
import { writeLocation } from "./upload_session.ts";

/**
 * end-11: file a blob of another repository here. Only out of a repository that the caller may
 * pull: that the registry has the bytes somewhere is no permission.
 *
 * @returns Undefined when an upload is to be opened instead.
 */
export function mountBlob(exchange: Exchange): Reply | undefined {
  const { state, name, url } = exchange;
  const digest = url.searchParams.get("mount") ?? "";
  const from = url.searchParams.get("from");
  if (!isSupportedDigest(digest)) {
    return errorReply("DIGEST_INVALID", "The digest is not valid here", { detail: digest });
  }
  const refusal = refuseSource(exchange, from);
  if (refusal || state.settings.quirks.refuseMounts) return refusal;
  const content = sourceNames(exchange, from)
    .filter((source) => mayPull(exchange, source))
    .map((source) => state.repositories.get(source)?.blobs.get(digest))
    .find((blob) => blob !== undefined);
  if (content === undefined) return undefined;
  const { emptyMounts } = state.settings.quirks;
  if (!emptyMounts) repositoryOf(state.repositories, name).blobs.set(digest, content);
  const location = writeLocation(state, `/v2/${name}/blobs/${digest}`);
  return { status: 201, headers: [["location", location], ["docker-content-digest", digest]] };
}

function refuseSource({ state }: Exchange, from: string | null): Reply | undefined {
  const { mountWithoutFrom, mountUnknownFrom } = state.settings.quirks;
  const isUnknown = from !== null && !state.repositories.has(from);
  const status = from === null ? mountWithoutFrom : isUnknown ? mountUnknownFrom : undefined;
  if (status === undefined) return undefined;
  return errorReply("NAME_INVALID", "Nothing to mount from", { status, detail: from });
}

function sourceNames({ state }: Exchange, from: string | null): readonly string[] {
  if (from !== null) return [from];
  return state.settings.push?.anonymousMount ? [...state.repositories.keys()] : [];
}
