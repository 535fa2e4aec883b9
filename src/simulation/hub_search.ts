import { visible } from "./hub_repositories.ts";
import { callerOf, hubError, isoTime, readJsonBody } from "./hub_state.ts";
import type { HubExchange, HubRepositoryRecord } from "./hub_state.ts";
import { jsonReply } from "./reply.ts";
import type { Reply } from "./reply.ts";

/** `GET /api/search/v4`. */
export function searchHub(exchange: HubExchange): Reply {
  const { searchParams: query } = exchange.url;
  const words = (query.get("query") ?? "").toLowerCase();
  const badges = (query.get("badges") ?? "").split(",").filter((badge) => badge !== "");
  const found = visible(exchange).filter((one) =>
    !one.isPrivate && `${one.namespace}/${one.name} ${one.description}`.includes(words) &&
    (badges.length === 0 || badges.includes(badgeOf(one)))
  );
  const from = Number(query.get("from") ?? 0);
  const size = Number(query.get("size") ?? 25);
  const results = found.slice(from, from + size).map(searchEntry);
  return jsonReply(200, { total: found.length, results });
}

function badgeOf({ namespace }: HubRepositoryRecord): string {
  return namespace === "library" ? "official" : "none";
}

function searchEntry(one: HubRepositoryRecord): Record<string, unknown> {
  const slug = one.namespace === "library" ? one.name : `${one.namespace}/${one.name}`;
  return {
    id: slug,
    name: slug,
    slug,
    type: "image",
    publisher: { id: one.namespace, name: one.namespace },
    created_at: isoTime(one.registeredAt),
    updated_at: isoTime(one.registeredAt),
    short_description: one.description,
    badge: badgeOf(one),
    star_count: one.stars,
    pull_count: one.pulls >= 1e6 ? `${Math.floor(one.pulls / 1e6)}M+` : String(one.pulls),
    operating_systems: [{ name: "linux", label: "Linux" }],
    architectures: [{ name: "amd64", label: "x86-64" }],
    logo_url: null,
    extension_reviewed: false,
    categories: [],
    archived: false,
  };
}

/** `POST /v1/graphql`: Scout's summaries, whatever else the query asks for. */
export async function scoutSummaries(exchange: HubExchange): Promise<Reply> {
  const { state, request } = exchange;
  const body = await readJsonBody(request);
  const variables = body?.["variables"] as { readonly digests?: readonly string[] } | undefined;
  if (body === undefined || variables?.digests === undefined) {
    return hubError(state, 400, "no query");
  }
  const caller = callerOf(exchange);
  if (state.settings.scanLogin && (caller === undefined || caller === "refused")) {
    const error = { message: "not allowed", extensions: { status: "FORBIDDEN" } };
    return jsonReply(200, { data: null, errors: [error] });
  }
  const { scans } = state.settings;
  const summaries = variables.digests.filter((digest) => Object.hasOwn(scans, digest)).map(
    (digest) => ({ digest, sbomState: "INDEXED", vulnerabilityReport: scans[digest] ?? null }),
  );
  return jsonReply(200, { data: { imageSummariesByDigest: summaries } });
}
