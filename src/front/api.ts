import { parsePath, type Route } from "../distribution/mod.ts";
import { challengeScheme, isAllowed } from "./access.ts";
import type { Answer } from "./answer.ts";
import { refuseCaller, TOKEN_PATH } from "./challenge.ts";
import { preflightAnswer } from "./cors.ts";
import { refuse } from "./error_answer.ts";
import { identify, type Identity } from "./identity.ts";
import { endpointMethods } from "./endpoint_methods.ts";
import { neededAction } from "./needed_action.ts";
import type { ExecutionContextLike } from "./options.ts";
import { answerPing } from "./ping.ts";
import { isKnownHost, selectUpstream } from "./routing.ts";
import { serve } from "./serve.ts";
import { type DoorServices, sendTo } from "./services.ts";
import { answerToken } from "./token_endpoint.ts";

/**
 * Answer one request under `/v2/`: who asks, what for, whether they may, and only then the upstream.
 * Nothing is sent anywhere for a request that is refused.
 */
export async function answerApi(
  request: Request,
  services: DoorServices,
  context: ExecutionContextLike | undefined,
): Promise<Answer> {
  const { settings } = services;
  const url = new URL(request.url);
  if (!isKnownHost(settings, url.host)) return refuse("unknownHost");
  if (request.method === "OPTIONS") return preflightAnswer(request, settings);
  if (settings.upstreams.length === 0) return refuse("noUpstream");
  if (url.pathname === TOKEN_PATH && challengeScheme(settings.access) === "bearer") {
    return await answerToken(request, settings);
  }
  const identity = await identify(request.headers.get("authorization"), settings.access);
  if (identity === undefined) return refuseCaller(settings, url, undefined);
  const route = parsePath(url.pathname);
  if (route === undefined) return refusePath(url.pathname);
  if (route.kind === "ping") return answerPing(request, settings, url, identity);
  return await answerRepository({ request, url, identity, route, services, context });
}

/** Tell a malformed name or digest, and a path with escapes or dots, from an endpoint that is not there. */
function refusePath(path: string): Answer {
  const isCanonical = /^[A-Za-z0-9._:/-]*$/.test(path) && !path.includes("//");
  const [, last] = /\/(?:manifests|blobs|tags|referrers)\/([^/]+)$/.exec(path) ?? [];
  if (!isCanonical) return refuse("badPath");
  if (last === undefined) return refuse("unknownEndpoint");
  return refuse(last.includes(":") ? "badDigest" : "badPath");
}

interface RepositoryRequest {
  readonly request: Request;
  readonly url: URL;
  readonly identity: Identity;
  readonly route: Exclude<Route, { kind: "ping" }>;
  readonly services: DoorServices;
  readonly context: ExecutionContextLike | undefined;
}

async function answerRepository(incoming: RepositoryRequest): Promise<Answer> {
  const { request, url, identity, route, services, context } = incoming;
  const { settings } = services;
  const namespaces = url.searchParams.getAll("ns");
  if (namespaces.length > 1) return refuse("badQuery");
  const [namespace] = namespaces;
  const selection = selectUpstream(settings, { host: url.host, name: route.name, namespace });
  // which upstreams there are is told to those that may use one
  const mayKnow = identity.allow.length > 0;
  if (selection === undefined && namespace !== undefined && mayKnow) {
    return refuse("unknownNamespace");
  }
  const action = neededAction(request.method, route.kind);
  const upstream = selection?.upstream.upstream;
  if (
    selection === undefined || upstream === undefined ||
    !isAllowed(identity, upstream.name, selection.repository, action)
  ) return refuseCaller(settings, url, identity, { name: route.name, action });
  const methods = endpointMethods(route.kind);
  if (!methods.includes(request.method)) {
    return refuse("unsupported", { allow: methods.join(", ") });
  }
  const defer = (work: Promise<unknown>): void => {
    if (context === undefined) work.catch(() => {});
    else context.waitUntil(work);
  };
  const answer = await serve(route, {
    ...{ request, url, identity, selection, services, defer },
    name: route.name,
    target: { origin: upstream.origin, repository: selection.repository },
    send: sendTo(services, upstream, route.kind.startsWith("upload")),
  });
  if (namespace === undefined || answer.status >= 400) return answer;
  return { ...answer, headers: { ...answer.headers, "oci-namespace": namespace } };
}
