import type { Route } from "../distribution/mod.ts";
import type { AccessAction } from "../settings/mod.ts";

/** The right that a request needs: what is no reading of content is a push or a delete. */
export function neededAction(method: string, kind: Route["kind"]): AccessAction {
  if (method === "DELETE") return kind.startsWith("upload") ? "push" : "delete";
  const reads = method === "GET" || method === "HEAD";
  return reads && !kind.startsWith("upload") ? "pull" : "push";
}
