import type { HashAlgorithm } from "../core/mod.ts";
import { errorReply } from "./error_body.ts";
import { invalidName } from "./manifests.ts";
import type { Exchange, RegistryState } from "./registry_state.ts";
import type { Reply } from "./reply.ts";
import { randomHex } from "./seeded_random.ts";
import { repositoryOf } from "./store.ts";
import { keepContent, keepDigest } from "./upload.ts";
import type { Upload } from "./upload.ts";

const ID_DIGITS = 32;

/** A new upload that no path leads to yet. */
export function createUpload(
  { state, name }: Exchange,
  algorithm: HashAlgorithm | undefined,
): Upload {
  const { keep, hasher, uploadLifetimeMs = Infinity } = state.settings.push ?? {};
  return {
    id: randomHex(state.random, ID_DIGITS),
    repository: name,
    algorithm,
    data: keep === "digest" && hasher !== undefined ? keepDigest(hasher) : keepContent(hasher),
    expiresAt: state.clock.now() + uploadLifetimeMs,
    file(digest, content): string {
      repositoryOf(state.repositories, name).blobs.set(digest, content);
      return writeLocation(state, `/v2/${name}/blobs/${digest}`);
    },
    token: randomHex(state.random, ID_DIGITS),
    chunkStarts: [],
    isEnding: false,
    turn: Promise.resolve(),
  };
}

/** Make an upload known where it is to go on; returns its `Location`. */
export function openUpload({ state }: Exchange, upload: Upload): string {
  const elsewhere = state.settings.push?.uploadsAt;
  (elsewhere ?? state).uploads.set(upload.id, upload);
  const path = uploadPath(state, upload);
  return elsewhere === undefined ? writeLocation(state, path) : elsewhere.address + path;
}

/** The newest `Location` of an upload. */
export function uploadLocation(state: RegistryState, upload: Upload): string {
  if (state.settings.push?.locationQuery === "fresh") {
    upload.token = randomHex(state.random, ID_DIGITS);
  }
  return writeLocation(state, uploadPath(state, upload));
}

function uploadPath({ settings }: RegistryState, { repository, id, token }: Upload): string {
  const { locationQuery = "none" } = settings.push ?? {};
  const query = locationQuery === "none" ? "" : `?_state=${token}`;
  return `/v2/${repository}/blobs/uploads/${id}${query}`;
}

/** A path of this registry as its settings write a `Location`. */
export function writeLocation({ settings, address }: RegistryState, path: string): string {
  const { location = "absolute" } = settings.push ?? {};
  if (location === "relative") return path;
  if (location === "absolute") return address + path;
  const { protocol, hostname, port } = new URL(address);
  return `${protocol}//${hostname}:${port || (protocol === "https:" ? 443 : 80)}${path}`;
}

/**
 * Work on the upload that the path names, when the requests before have ended, or tell why there is
 * none.
 */
export async function withUpload(
  exchange: Exchange,
  work: (upload: Upload) => Reply | Promise<Reply>,
): Promise<Reply> {
  const upload = findUpload(exchange);
  if ("status" in upload) return upload;
  const turn = upload.turn.then(() => {
    const still = findUpload(exchange);
    return "status" in still ? still : work(still);
  });
  upload.turn = turn.catch(() => {}); // whoever asked learns of it
  return await turn;
}

/** The upload that the path names as it is now. */
export function findUpload({ state, name, reference, url }: Exchange): Upload | Reply {
  const invalid = invalidName(name);
  if (invalid) return invalid;
  const upload = state.uploads.get(reference);
  const isOver = upload !== undefined && upload.expiresAt <= state.clock.now();
  if (isOver) state.uploads.delete(reference);
  if (upload === undefined || upload.repository !== name || isOver) {
    return errorReply("BLOB_UPLOAD_UNKNOWN", "No such upload", { detail: reference });
  }
  const { locationQuery = "none" } = state.settings.push ?? {};
  const isRight = locationQuery === "none" || url.searchParams.get("_state") === upload.token;
  return isRight ? upload : errorReply("BLOB_UPLOAD_INVALID", "Not the newest Location");
}
