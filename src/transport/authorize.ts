import {
  createScrub,
  type Layer,
  type RegistryRequest,
  type RegistryResponse,
} from "../core/mod.ts";
import { observe } from "../observability/mod.ts";
import { discard } from "./discard.ts";
import { requestPlace } from "./request_facts.ts";
import type { TransportSettings } from "./settings.ts";

const MAX_TRIES = 4; // the authorizer ends by itself after three; this holds even if one does not

/**
 * Send proof where the upstream asks for it: what is known at once, then what a 401 or 403 asks
 * for. An answer of another origin, behind a redirect, is none of this layer's business.
 *
 * Who was sent a secret may repeat it, so each answer comes with a `scrub`.
 */
export function withAuthorization(settings: TransportSettings): Layer {
  const { authorizer, clock } = settings;
  return (next) => async (request) => {
    let startedAt = clock.now();
    let sent = await authorizer.authorization(request);
    const shown: string[] = [];
    const scrub = createScrub(() => [...shown.map(proofOf), ...authorizer.secrets?.() ?? []]);
    if (sent !== undefined) tell(settings, request, false, startedAt);
    for (let attempt = 1;; attempt++) {
      const proof: Record<string, string> = sent === undefined ? {} : { authorization: sent };
      if (sent !== undefined) shown.push(sent);
      const answered = await next({ ...request, headers: { ...request.headers, ...proof } });
      const { scrub: inner = String } = answered;
      const response = { ...answered, scrub: (text: string) => scrub(inner(text)) };
      if (attempt === MAX_TRIES || !mayAnswer(settings, request, response)) return response;
      startedAt = clock.now();
      const answer = await authorizer.answer(request, response, sent);
      if (answer === undefined) return response;
      tell(settings, request, true, startedAt);
      discard(response, clock);
      sent = answer;
    }
  };
}

/** A header without its scheme. */
function proofOf(authorization: string): string {
  return authorization.replace(/^\S+ +/, "");
}

function tell(
  { clock, observer, upstream }: TransportSettings,
  request: RegistryRequest,
  challenged: boolean,
  startedAt: number,
): void {
  const milliseconds = clock.now() - startedAt;
  const place = requestPlace(upstream, request);
  observe(observer, { type: "request.authorized", ...place, challenged, milliseconds });
}

function mayAnswer(
  { upstream: { origin } }: TransportSettings,
  { body }: RegistryRequest,
  { status, url }: RegistryResponse,
): boolean {
  const isOurs = new URL(url).origin === origin;
  return isOurs && (status === 401 || status === 403) && !(body instanceof ReadableStream);
}
