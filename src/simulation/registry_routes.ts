import { IttyRouter } from "itty-router";
import type { IRequest } from "itty-router";
import { refuseAccess } from "./access.ts";
import { getBlob } from "./blobs.ts";
import { errorReply } from "./error_body.ts";
import { getManifest } from "./manifests.ts";
import { limitPulls } from "./rate_limit.ts";
import { listReferrers } from "./referrers.ts";
import { jsonReply, textReply } from "./reply.ts";
import type { Reply, SimulatedRequest } from "./reply.ts";
import type { Endpoint, Exchange, RegistryState } from "./registry_state.ts";
import { listTags } from "./tags.ts";

const router = IttyRouter<IRequest, [RegistryState, SimulatedRequest]>();
const PULL = ["GET", "HEAD"] as const;

const MANIFESTS = "/v2/:name+/manifests/:reference";
const BLOBS = "/v2/:name+/blobs/:reference";
const TAGS = "/v2/:name+/tags/list";
const REFERRERS = "/v2/:name+/referrers/:reference";

for (const method of PULL) {
  route(method, MANIFESTS, (exchange) => limitPulls(exchange, getManifest(exchange)));
  route(method, BLOBS, getBlob);
  route(method, "/v2/", () => jsonReply(200, {}));
}
route("GET", TAGS, listTags);
route("GET", REFERRERS, listReferrers);
for (const path of [MANIFESTS, BLOBS, TAGS, REFERRERS]) route("ALL", path, unsupported);
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

function route(method: "GET" | "HEAD" | "ALL", path: string, endpoint: Endpoint): void {
  const handler = (
    { params }: IRequest,
    state: RegistryState,
    request: SimulatedRequest,
  ): Reply | Promise<Reply> | undefined => {
    const url = new URL(request.url);
    // the router forgives a slash too many; the spec has one at /v2/ alone
    if (url.pathname.endsWith("/") !== (path === "/v2/")) return undefined;
    const exchange: Exchange = {
      state,
      request,
      url,
      name: params["name"] ?? "",
      reference: params["reference"] ?? "",
    };
    return refuseAccess(exchange, "pull") ?? endpoint(exchange);
  };
  if (method === "GET") router.get(path, handler);
  else if (method === "HEAD") router.head(path, handler);
  else router.all(path, handler);
}
