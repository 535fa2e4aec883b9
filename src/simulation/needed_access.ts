import type { Need } from "./access.ts";
import type { Exchange } from "./registry_state.ts";

/** What a request needs, by its method, as distribution asks for it. `/v2/` needs nothing special. */
export function neededAccess(exchange: Exchange): readonly Need[] {
  const { name, request: { method } } = exchange;
  if (name === "") return [];
  if (["POST", "PATCH", "PUT"].includes(method)) {
    return [{ name, actions: ["pull", "push"] }, ...mountSource(exchange)];
  }
  return [{ name, actions: [method === "DELETE" ? "delete" : "pull"] }];
}

function mountSource({ state, url }: Exchange): readonly Need[] {
  const from = url.searchParams.get("from");
  const isAsked = state.settings.quirks.mountNeedsSource && url.searchParams.has("mount");
  return isAsked && from !== null ? [{ name: from, actions: ["pull"] }] : [];
}
