import { askOrigin } from "../transport/mod.ts";
import type { DoorRequest } from "./door_request.ts";
import { openUpload, sealUpload, type Upload } from "./upload.ts";

/** Write an upload into the last part of its address, for this caller and this repository alone. */
export function sealFor(door: DoorRequest, upload: Upload): Promise<string> {
  return sealUpload(door.services.uploads, owner(door), upload);
}

/**
 * Read what {@linkcode sealFor} wrote; undefined for anything else, and where it has expired.
 *
 * @throws {TidegateError} ORIGIN_NOT_TRUSTED when it goes on where the configuration does not allow
 * it: that may have changed since.
 */
export async function openFor(door: DoorRequest, sealed: string): Promise<Upload | undefined> {
  const { services: { uploads, clock, observer }, selection: { upstream: { upstream } } } = door;
  const upload = await openUpload(uploads, owner(door), sealed, clock.now());
  if (upload === undefined) return undefined;
  askOrigin({ upstream, observer }, "location", upstream.origin, upload.location);
  return upload;
}

function owner({ identity, selection, target }: DoorRequest): string {
  const { name } = selection.upstream.upstream;
  const who = identity.isAnonymous ? [] : [identity.name];
  return JSON.stringify([name, target.origin, target.repository, ...who]);
}
