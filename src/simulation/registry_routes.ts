import { IttyRouter } from "itty-router";
import type { IRequest } from "itty-router";
import { refuseAccess } from "./access.ts";
import { getBlob } from "./blobs.ts";
import { deleteBlob, deleteManifest } from "./deletes.ts";
import { errorReply } from "./error_body.ts";
import { getManifest } from "./manifests.ts";
import { neededAccess } from "./needed_access.ts";
import { putManifest } from "./put_manifest.ts";
import { limitPulls } from "./rate_limit.ts";
import { listReferrers } from "./referrers.ts";
import { drainBody } from "./request_body.ts";
import { jsonReply, textReply } from "./reply.ts";
import type { Reply, SimulatedRequest } from "./reply.ts";
import type { Endpoint, Exchange, RegistryState } from "./registry_state.ts";
import { listTags } from "./tags.ts";
import { addChunk, cancelUpload, closeUpload, getUploadStatus, startUpload } from "./uploads.ts";

const router = IttyRouter<IRequest, [RegistryState, SimulatedRequest]>();
const PULL = ["GET", "HEAD"] as const;

const ROUTERS = {
  GET: "get",
  HEAD: "head",
  POST: "post",
  PATCH: "patch",
  PUT: "put",
  DELETE: "delete",
  ALL: "all",
} as const;

const MANIFESTS = "/v2/:name+/manifests/:reference";
const BLOBS = "/v2/:name+/blobs/:reference";
const TAGS = "/v2/:name+/tags/list";
const UPLOADS = "/v2/:name+/blobs/uploads/";
const UPLOAD = "/v2/:name+/blobs/uploads/:reference";
const REFERRERS = "/v2/:name+/referrers/:reference";

for (const method of PULL) {
  route(method, MANIFESTS, (exchange) => limitPulls(exchange, getManifest(exchange)));
  route(method, BLOBS, getBlob);
  route(method, "/v2/", () => jsonReply(200, {}));
}
route("GET", TAGS, listTags);
route("GET", REFERRERS, listReferrers);
route("POST", UPLOADS, pushing(startUpload));
route("GET", UPLOAD, pushing(getUploadStatus));
route("PATCH", UPLOAD, pushing(addChunk));
route("PUT", UPLOAD, pushing(closeUpload));
route("DELETE", UPLOAD, pushing(cancelUpload));
route("PUT", MANIFESTS, pushing(putManifest));
route("DELETE", MANIFESTS, pushing(deleteManifest));
route("DELETE", BLOBS, pushing(deleteBlob));
for (const path of [MANIFESTS, UPLOADS, UPLOAD, BLOBS, TAGS, REFERRERS]) {
  route("ALL", path, unsupported);
}
router.all("*", () => textReply(404, "404 page not found\n"));

/** Answer one request by the endpoint whose path it has (distribution-spec, "Endpoints"). */
export async function routeRegistry(
  state: RegistryState,
  request: SimulatedRequest,
): Promise<Reply> {
  return await router.fetch({ method: request.method, url: request.url }, state, request) as Reply;
}

function unsupported(): Reply {
  return errorReply("UNSUPPORTED", "No such operation");
}

/** What only a registry that takes pushes does. It acts when the whole request is here. */
function pushing(endpoint: Endpoint): Endpoint {
  return async (exchange) => {
    if (exchange.state.settings.push === undefined) return unsupported();
    if (exchange.request.method === "DELETE") await drainBody(exchange.request.body);
    return await endpoint(exchange);
  };
}

function route(method: keyof typeof ROUTERS, path: string, endpoint: Endpoint): void {
  const handler = (
    { params }: IRequest,
    state: RegistryState,
    request: SimulatedRequest,
  ): Reply | Promise<Reply> | undefined => {
    const url = new URL(request.url);
    // the router forgives a slash too many or too few
    if (url.pathname.endsWith("/") !== path.endsWith("/")) return undefined;
    const exchange: Exchange = {
      state,
      request,
      url,
      name: params["name"] ?? "",
      reference: params["reference"] ?? "",
    };
    return refuseAccess(exchange, neededAccess(exchange)) ?? endpoint(exchange);
  };
  router[ROUTERS[method]](path, handler);
}
