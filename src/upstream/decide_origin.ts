import {
  excerpt,
  originNotTrusted,
  type OriginUse,
  TidegateError,
  type Upstream,
} from "../core/mod.ts";
import { isLoopbackHost } from "./host_class.ts";
import { isPublicOrigin, tryParseUrl } from "./origin.ts";

/** Longest URL taken from a registry. Signed storage URLs are under 4 KiB; workerd's own limit is 16 KiB. */
export const MAX_URL_LENGTH: number = 16 * 1024;

/** What is asked of {@linkcode decideOrigin}. */
export interface OriginQuestion {
  /** What the URL is about to be used for. */
  readonly use: OriginUse;
  readonly upstream: Upstream;
  /** The URL whose answer named the target, absolute: what a relative target is resolved against. */
  readonly from: string;
  /** The URL as the header or document has it. */
  readonly target: string;
}

/** A permitted target. */
export interface OriginDecision {
  /** The URL that was judged, absolute and parsed: the one to use, never the text it came from. */
  readonly url: string;
  /** Whether the upstream's credentials may go with it. */
  readonly credentials: boolean;
}

/**
 * Decide whether a URL that a registry named may be used, and whether with credentials.
 *
 * The upstream's own origin (scheme, host and port) may always be used; with credentials where it
 * named itself. Other origins:
 *
 * | use | allowed without being listed | with credentials |
 * |---|---|---|
 * | realm | public https | only if in `tokenOrigins` and named by the upstream itself |
 * | redirect, foreign-layer | public https, if `blobOrigins` has `*` | never |
 * | location | none (`uploadOrigins` lists them) | never |
 * | link | none | never |
 *
 * An origin listed by name may be private when the upstream itself names it; plain http is only for
 * an upstream that is not public https, and then only on loopback or with `insecure`. A public origin
 * other than the upstream never leads to one that is not, listed or not.
 *
 * @throws {TidegateError} ORIGIN_NOT_TRUSTED when refused, with the configuration line that would
 * allow it; INVALID_RESPONSE when the target is no URL, has a user name in it or is over
 * {@linkcode MAX_URL_LENGTH}.
 * @see {@link https://url.spec.whatwg.org/#concept-url-origin | WHATWG URL, origin}
 */
export function decideOrigin(question: OriginQuestion): OriginDecision {
  const { use, upstream } = question;
  const from = new URL(question.from);
  const target = parseTarget(question);
  const fromUpstream = from.origin === upstream.origin;
  if (target.origin === upstream.origin) {
    // a stranger may not steer us into a private network, even to an address that we know
    if (!fromUpstream && isPublicOrigin(from) && !isPublicOrigin(target)) {
      throw refusal(use, upstream, target);
    }
    return { url: target.href, credentials: fromUpstream && use !== "foreign-layer" };
  }
  if (!isAllowed(question, target)) throw refusal(use, upstream, target);
  const credentials = use === "realm" && fromUpstream &&
    upstream.tokenOrigins.includes(target.origin);
  return { url: target.href, credentials };
}

function isAllowed({ use, upstream, from }: OriginQuestion, target: URL): boolean {
  const listed = listFor(use, upstream);
  if (isPublicOrigin(target)) return listed.includes("*") || listed.includes(target.origin);
  if (!listed.includes(target.origin)) return false;
  if (isPublicOrigin(from) && new URL(from).origin !== upstream.origin) return false;
  return target.protocol === "https:" || mayUseHttp(upstream, target);
}

function mayUseHttp(upstream: Upstream, target: URL): boolean {
  return !isPublicOrigin(upstream.origin) &&
    (upstream.insecure || isLoopbackHost(target.hostname));
}

/** `*` stands for any public https origin. */
function listFor(use: OriginUse, upstream: Upstream): readonly string[] {
  if (use === "realm") return ["*", ...upstream.tokenOrigins];
  if (use === "location") return upstream.uploadOrigins.filter((origin) => origin !== "*");
  return use === "redirect" || use === "foreign-layer" ? upstream.blobOrigins : [];
}

function parseTarget({ use, upstream, from, target }: OriginQuestion): URL {
  if (target.length > MAX_URL_LENGTH) {
    throw invalid(use, target, `is longer than ${MAX_URL_LENGTH}`);
  }
  if (target.trim() === "") throw invalid(use, target, "is empty");
  // the URL parser drops tabs and newlines and reads "\" as "/"; nobody means that honestly
  if (/[\u0000-\u001f\u007f\\]/.test(target)) {
    throw invalid(use, target, "has a control character or a backslash");
  }
  const url = tryParseUrl(target, from);
  if (url === undefined) throw invalid(use, target, "is no URL");
  if (url.protocol !== "https:" && url.protocol !== "http:") throw refusal(use, upstream, url);
  if (url.username !== "" || url.password !== "") {
    throw invalid(use, target, "has a user name in it");
  }
  return url;
}

function refusal(
  use: OriginUse,
  upstream: Upstream,
  target: URL,
): TidegateError<"ORIGIN_NOT_TRUSTED"> {
  const isHttp = target.protocol === "https:" || target.protocol === "http:";
  return originNotTrusted(use, upstream, isHttp ? target.origin : excerpt(target.protocol, 32));
}

function invalid(
  use: OriginUse,
  target: string,
  reason: string,
): TidegateError<"INVALID_RESPONSE"> {
  // no user name and no query: they may be secrets
  const shown = excerpt(
    target.slice(0, 512).replace(/[?#][\s\S]*$/, "").replace(/[^/\\]*@/g, ""),
    128,
  );
  return new TidegateError("INVALID_RESPONSE", `The ${use} "${shown}" ${reason}`, {
    what: use,
    input: shown,
    reason,
  });
}
