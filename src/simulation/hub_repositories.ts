import { callerOf, hubError, isoTime, mayIn, readJsonBody } from "./hub_state.ts";
import type { HubExchange, HubRepositoryRecord, HubScope, HubState } from "./hub_state.ts";
import { isRepositoryName } from "./names.ts";
import { jsonReply } from "./reply.ts";
import type { Reply } from "./reply.ts";

/** `GET /v2/namespaces/{namespace}/repositories`. */
export function listHubRepositories(exchange: HubExchange): Reply {
  const { state, params, url } = exchange;
  const { namespace = "" } = params;
  const part = url.searchParams.get("name") ?? "";
  const found = visible(exchange).filter((one) =>
    one.namespace === namespace && one.name.includes(part)
  );
  const ordering = url.searchParams.get("ordering") ?? "name";
  found.sort((a, b) => (a.name < b.name ? -1 : 1) * (ordering === "-name" ? -1 : 1));
  return pageOf(exchange, found.map((one) => listEntry(state, one)));
}

/** `GET` and `HEAD /v2/namespaces/{namespace}/repositories/{name}`. */
export function getHubRepository(exchange: HubExchange): Reply {
  const found = findVisible(exchange);
  if (found === undefined) return hubError(exchange.state, 404, "object not found");
  return jsonReply(200, detail(exchange, found));
}

/** `POST /v2/namespaces/{namespace}/repositories`. */
export async function createHubRepository(exchange: HubExchange): Promise<Reply> {
  const { state, request, params } = exchange;
  const { namespace = "" } = params;
  const refused = refuse(exchange, namespace, "write");
  if (refused !== undefined) return refused;
  const body = await readJsonBody(request) ?? {};
  const name = String(body["name"] ?? "");
  const key = `${namespace}/${name}`;
  if (!isRepositoryName(key) || name.includes("/")) {
    return hubError(state, 400, "name: is not a repository name");
  }
  if (state.repositories.has(key)) return hubError(state, 400, "Repository already exists");
  const record = addHubRepository(state, key, {
    description: text(body["description"]) ?? "",
    fullDescription: text(body["full_description"]) ?? "",
    isPrivate: body["is_private"] === true,
  });
  return jsonReply(201, detail(exchange, record));
}

/** `PATCH /v2/namespaces/{namespace}/repositories/{name}`. */
export async function updateHubRepository(exchange: HubExchange): Promise<Reply> {
  return await withOwn(exchange, "write", async (found) => {
    const body = await readJsonBody(exchange.request) ?? {};
    found.description = text(body["description"]) ?? found.description;
    found.fullDescription = text(body["full_description"]) ?? found.fullDescription;
    return jsonReply(200, detail(exchange, found));
  });
}

/** `POST /v2/repositories/{namespace}/{name}/privacy`. */
export async function setHubPrivacy(exchange: HubExchange): Promise<Reply> {
  return await withOwn(exchange, "admin", async (found) => {
    found.isPrivate = (await readJsonBody(exchange.request))?.["is_private"] === true;
    return jsonReply(200, {});
  });
}

/** `DELETE /v2/repositories/{namespace}/{name}/`. */
export async function deleteHubRepository(exchange: HubExchange): Promise<Reply> {
  return await withOwn(exchange, "admin", (found) => {
    const { repositories, settings } = exchange.state;
    repositories.delete(`${found.namespace}/${found.name}`);
    const stored = settings.registry?.repository(`${found.namespace}/${found.name}`);
    for (const map of [stored?.tags, stored?.manifests, stored?.blobs]) map?.clear();
    return { status: 202, headers: [] };
  });
}

/** A repository with its blanks filled in. */
export function addHubRepository(
  { clock, repositories }: HubState,
  key: string,
  given: Partial<HubRepositoryRecord> = {},
): HubRepositoryRecord {
  const [namespace = "", name = ""] = key.split("/");
  const record = {
    description: "",
    fullDescription: "",
    isPrivate: false,
    stars: 0,
    pulls: 0,
    registeredAt: clock.now(),
    ...given,
    namespace,
    name,
  };
  repositories.set(key, record);
  return record;
}

/** All repositories that whoever calls may see. */
export function visible(exchange: HubExchange): HubRepositoryRecord[] {
  const caller = callerOf(exchange);
  const grant = caller === "refused" ? undefined : caller;
  return [...exchange.state.repositories.values()].filter(({ isPrivate, namespace }) =>
    !isPrivate || (grant !== undefined && mayIn(exchange.state, grant, namespace, "read"))
  );
}

/** The repository of the path, if whoever calls may see it. */
export function findVisible(exchange: HubExchange): HubRepositoryRecord | undefined {
  const { namespace, name } = exchange.params;
  return visible(exchange).find((one) => one.namespace === namespace && one.name === name);
}

/** Do something with a repository that whoever calls has the right to. */
export async function withOwn(
  exchange: HubExchange,
  scope: HubScope,
  act: (found: HubRepositoryRecord) => Reply | Promise<Reply>,
): Promise<Reply> {
  const { state, params } = exchange;
  const found = findVisible(exchange);
  const refused = refuse(exchange, params["namespace"] ?? "", scope);
  if (refused !== undefined) return refused;
  return found === undefined ? hubError(state, 404, "object not found") : await act(found);
}

function refuse(exchange: HubExchange, namespace: string, scope: HubScope): Reply | undefined {
  const { state } = exchange;
  const caller = callerOf(exchange);
  if (caller === undefined || caller === "refused") {
    return hubError(state, 401, "authentication required");
  }
  if (mayIn(state, caller, namespace, scope)) return undefined;
  const message = "access is forbidden with a JWT issued from a personal access token";
  return hubError(state, 403, message);
}

/** A page of a listing; one past the end is 404. */
export function pageOf({ state, url }: HubExchange, items: readonly unknown[]): Reply {
  const size = Number(url.searchParams.get("page_size") ?? 10);
  const page = Number(url.searchParams.get("page") ?? 1);
  if (!(size >= 1 && size <= 100 && page >= 1)) {
    return hubError(state, 400, "page_size: out of range");
  }
  const start = (page - 1) * size;
  if (start > 0 && start >= items.length) return hubError(state, 404, "Invalid page");
  const base = state.settings.nextOrigin ?? state.address;
  const at = (number: number): string => {
    const query = new URLSearchParams(url.search);
    query.set("page", String(number));
    return `${base}${url.pathname}?${query}`;
  };
  return jsonReply(200, {
    count: items.length,
    next: start + size < items.length ? at(page + 1) : null,
    previous: page > 1 ? at(page - 1) : null,
    results: items.slice(start, start + size),
  });
}

function listEntry(
  { settings }: HubState,
  { namespace, name, registeredAt, ...record }: HubRepositoryRecord,
): Record<string, unknown> {
  const stored = settings.registry?.repository(`${namespace}/${name}`);
  const types = new Set([...stored?.manifests.values() ?? []].map(({ mediaType }) => mediaType));
  return {
    name,
    namespace,
    repository_type: "image",
    status: 1,
    status_description: "active",
    description: record.description,
    is_private: record.isPrivate,
    star_count: record.stars,
    pull_count: record.pulls,
    last_updated: types.size === 0 ? null : isoTime(registeredAt),
    date_registered: isoTime(registeredAt),
    affiliation: "",
    media_types: [...types],
    content_types: types.size === 0 ? [] : ["image"],
    categories: [],
    storage_size: 0,
  };
}

function detail(exchange: HubExchange, found: HubRepositoryRecord): Record<string, unknown> {
  const { state } = exchange;
  const caller = callerOf(exchange);
  const may = (scope: HubScope): boolean =>
    caller !== undefined && caller !== "refused" && mayIn(state, caller, found.namespace, scope);
  return {
    ...listEntry(state, found),
    user: found.namespace,
    hub_user: found.namespace,
    is_automated: false,
    has_starred: false,
    collaborator_count: 0,
    full_description: found.fullDescription === "" ? null : found.fullDescription,
    permissions: { read: may("read"), write: may("write"), admin: may("admin") },
  };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
