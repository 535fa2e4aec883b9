import { isTidegateError } from "../core/mod.ts";
import type { Route } from "../distribution/mod.ts";
import { observe } from "../observability/mod.ts";
import type { Answer } from "./answer.ts";
import type { DoorRequest } from "./door_request.ts";
import { endpointMethods } from "./endpoint_methods.ts";
import { type RefusalName, refuse, refuseError } from "./error_answer.ts";
import { serveBlob } from "./serve_blob.ts";
import { serveDeleteBlob, serveDeleteManifest } from "./serve_delete.ts";
import { serveManifest } from "./serve_manifest.ts";
import { servePushManifest } from "./serve_push_manifest.ts";
import { serveReferrers } from "./serve_referrers.ts";
import { serveTags } from "./serve_tags.ts";
import { serveUpload } from "./serve_upload.ts";
import { serveUploads } from "./serve_uploads.ts";
import { uploadRefusal } from "./upload_refusal.ts";
import { writeRefusal } from "./write_refusal.ts";

const NOT_FOUND: Readonly<Partial<Record<Route["kind"], RefusalName>>> = {
  manifest: "unknownManifest",
  blob: "unknownBlob",
  upload: "unknownUpload",
};

/** Fetch what an allowed request asks for. Failures become answers here, and nowhere else. */
export async function serve(route: Route, door: DoorRequest): Promise<Answer> {
  try {
    return await dispatch(route, door);
  } catch (error) {
    const answer = refuseFailure(route, door, error);
    reportFailure(door, error, answer.status);
    return answer;
  }
}

function refuseFailure(
  { kind }: Route,
  { request, services }: DoorRequest,
  error: unknown,
): Answer {
  const { method } = request;
  const isContent = kind === "manifest" || kind === "blob";
  const isUpload = kind === "upload" || kind === "uploads";
  const refusal = isContent
    ? writeRefusal(method, error)
    : isUpload
    ? uploadRefusal(error)
    : undefined;
  if (refusal === undefined) {
    return refuseError(error, NOT_FOUND[kind] ?? "unknownName", services.clock.now());
  }
  if (isTidegateError(error, "MANIFEST_BLOB_UNKNOWN")) {
    return refuse(refusal, {}, { digests: error.details.digests });
  }
  if (refusal !== "unsupported") return refuse(refusal);
  return refuse(refusal, { allow: endpointMethods(kind).filter((m) => m !== method).join(", ") });
}

async function dispatch(route: Route, door: DoorRequest): Promise<Answer> {
  const { method } = door.request;
  switch (route.kind) {
    case "manifest":
      if (method === "PUT") return await servePushManifest(door, route.reference);
      if (method === "DELETE") return await serveDeleteManifest(door, route.reference);
      return await serveManifest(door, route.reference);
    case "blob":
      if (method === "DELETE") return await serveDeleteBlob(door, route.digest);
      return await serveBlob(door, route.digest);
    case "tags":
      return await serveTags(door);
    case "referrers":
      return await serveReferrers(door, route.digest);
    case "uploads":
      return await serveUploads(door);
    case "upload":
      return await serveUpload(door, route.session);
    case "ping":
      return refuse("unknownEndpoint");
  }
}

function reportFailure({ services, selection }: DoorRequest, error: unknown, status: number): void {
  const isOurs = isTidegateError(error);
  if (isOurs && error.code === "NOT_FOUND") return;
  observe(services.observer, {
    type: "answer.failed",
    upstream: selection.upstream.upstream.name,
    status,
    code: isOurs ? error.code : "UNKNOWN",
    reason: isOurs ? error.message : error instanceof Error ? error.name : "unknown",
  });
}
