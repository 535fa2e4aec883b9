import type { Layer, RegistryRequest, RegistryResponse, Send } from "../core/mod.ts";
import { discard } from "./discard.ts";
import type { TransportSettings } from "./options.ts";

/**
 * Send proof where the upstream asks for it: what is known at once, and one more try with what a
 * 401 asks for. A 401 of another origin, behind a redirect, is none of this layer's business.
 */
export function withAuthorization(settings: TransportSettings): Layer {
  const { authorizer, clock, upstream: { origin } } = settings;
  return (next) => async (request) => {
    const sent = await authorizer.authorization(request);
    const response = await next(bearing(request, sent));
    if (response.status !== 401 || new URL(response.url).origin !== origin) return response;
    if (request.body instanceof ReadableStream) return response; // it is gone
    const challenge = await challengeOf(response, request, next, settings);
    const answer = await authorizer.answer(request, challenge, sent);
    if (answer === undefined) return response;
    discard(response, clock);
    return next(bearing(request, answer));
  };
}

function bearing(request: RegistryRequest, authorization: string | undefined): RegistryRequest {
  if (authorization === undefined) return request;
  return { ...request, headers: { ...request.headers, authorization } };
}

/** Google's registries leave the challenge out of a real request's 401 and give it for `/v2/`. */
async function challengeOf(
  response: RegistryResponse,
  request: RegistryRequest,
  next: Send,
  { clock, upstream: { origin } }: TransportSettings,
): Promise<RegistryResponse> {
  if (response.headers.has("www-authenticate") || request.kind === "ping") return response;
  const ping: RegistryRequest = {
    method: "GET",
    url: `${origin}/v2/`,
    headers: {},
    kind: "ping",
    scopes: [],
    ...(request.signal && { signal: request.signal }),
  };
  const answer = await next(ping);
  discard(answer, clock);
  return answer.status === 401 && new URL(answer.url).origin === origin ? answer : response;
}
