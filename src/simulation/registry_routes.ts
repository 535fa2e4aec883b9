import { IttyRouter } from "itty-router";
import type { IRequest } from "itty-router";
import { getBlob } from "./blobs.ts";
import { errorReply } from "./error_body.ts";
import { getManifest } from "./manifests.ts";
import { listReferrers } from "./referrers.ts";
import { jsonReply, textReply } from "./reply.ts";
import type { Reply, SimulatedRequest } from "./reply.ts";
import type { Endpoint, Exchange, RegistryState } from "./registry_state.ts";
import { listTags } from "./tags.ts";

const router = IttyRouter<IRequest, [RegistryState, SimulatedRequest]>();
const PULL = ["GET", "HEAD"] as const;

for (const method of PULL) {
  route(method, "/v2/:name+/manifests/:reference", getManifest);
  route(method, "/v2/:name+/blobs/:reference", getBlob);
}
route("GET", "/v2/:name+/tags/list", listTags);
route("GET", "/v2/:name+/referrers/:reference", listReferrers);
for (const method of PULL) router[method === "GET" ? "get" : "head"]("/v2/", ping);
router.all("/v2/*", () => errorReply("UNSUPPORTED", "No such operation"));
router.all("*", () => textReply(404, "404 page not found\n"));

/** Answer one request by the endpoint whose path it has (distribution-spec, "Endpoints"). */
export async function routeRegistry(
  state: RegistryState,
  request: SimulatedRequest,
): Promise<Reply> {
  return await router.fetch({ method: request.method, url: request.url }, state, request) as Reply;
}

/** end-1. */
function ping(): Reply {
  return jsonReply(200, {});
}

function route(method: "GET" | "HEAD", path: string, endpoint: Endpoint): void {
  const handler = (
    { params }: IRequest,
    state: RegistryState,
    request: SimulatedRequest,
  ): Reply | Promise<Reply> | undefined => {
    const url = new URL(request.url);
    if (url.pathname.endsWith("/")) return undefined; // the router forgives a slash that the spec does not have
    const exchange: Exchange = {
      state,
      request,
      url,
      name: params["name"] ?? "",
      reference: params["reference"] ?? "",
    };
    return endpoint(exchange);
  };
  if (method === "GET") router.get(path, handler);
  else router.head(path, handler);
}
