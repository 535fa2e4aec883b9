import { decodeUtf8 } from "../core/mod.ts";
import { findVisible, pageOf, withOwn } from "./hub_repositories.ts";
import { hubError, isoTime } from "./hub_state.ts";
import type { HubExchange } from "./hub_state.ts";
import { jsonReply } from "./reply.ts";
import type { Reply } from "./reply.ts";
import type { Repository, StoredManifest } from "./store.ts";

/** `GET /v2/namespaces/{namespace}/repositories/{name}/tags`. */
export function listHubTags(exchange: HubExchange): Reply {
  const stored = storedOf(exchange);
  if (stored === undefined) return hubError(exchange.state, 404, "object not found");
  const part = exchange.url.searchParams.get("name") ?? "";
  const names = [...stored.tags.keys()].filter((name) => name.includes(part));
  return pageOf(exchange, names.map((name) => tagEntry(exchange, stored, name)));
}

/** `GET` and `HEAD /v2/namespaces/{namespace}/repositories/{name}/tags/{tag}`. */
export function getHubTag(exchange: HubExchange): Reply {
  const { tag = "" } = exchange.params;
  const stored = storedOf(exchange);
  if (!stored?.tags.has(tag)) return hubError(exchange.state, 404, "object not found");
  return jsonReply(200, tagEntry(exchange, stored, tag));
}

/** `DELETE /v2/repositories/{namespace}/{name}/tags/{tag}/`. */
export async function deleteHubTag(exchange: HubExchange): Promise<Reply> {
  return await withOwn(exchange, "admin", () => {
    const isGone = storedOf(exchange)?.tags.delete(exchange.params["tag"] ?? "") ?? false;
    return isGone ? { status: 204, headers: [] } : hubError(exchange.state, 404, "tag not found");
  });
}

function storedOf(exchange: HubExchange): Repository | undefined {
  const found = findVisible(exchange);
  if (found === undefined) return undefined;
  return exchange.state.settings.registry?.repository(`${found.namespace}/${found.name}`);
}

interface Entry {
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly os: string; readonly architecture: string };
}

function tagEntry(
  { state }: HubExchange,
  stored: Repository,
  name: string,
): Record<string, unknown> {
  const digest = stored.tags.get(name) ?? "";
  const manifest = stored.manifests.get(digest);
  const images = imagesOf(manifest).map(({ digest, size, platform }) => ({
    architecture: platform?.architecture ?? "amd64",
    features: "",
    variant: null,
    digest,
    os: platform?.os ?? "linux",
    os_features: "",
    os_version: null,
    size,
    status: "active",
    last_pulled: null,
    last_pushed: isoTime(state.clock.now()),
  }));
  return {
    id: 1,
    name,
    images,
    creator: 1,
    last_updated: isoTime(state.clock.now()),
    last_updater: 1,
    last_updater_username: "ann",
    repository: 1,
    full_size: images.reduce((sum, { size }) => sum + size, 0),
    v2: true,
    tag_status: "active",
    tag_last_pulled: null,
    tag_last_pushed: isoTime(state.clock.now()),
    media_type: manifest?.mediaType ?? null,
    content_type: "image",
    digest,
  };
}

function imagesOf(manifest: StoredManifest | undefined): readonly Entry[] {
  if (manifest === undefined) return [];
  const document = JSON.parse(decodeUtf8(manifest.bytes)) as { readonly manifests?: Entry[] };
  return document.manifests ?? [{ digest: manifest.digest, size: manifest.bytes.length }];
}
