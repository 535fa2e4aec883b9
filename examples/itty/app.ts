/**
 * The front door as one route of an app: everything under /v2/ is the registry, the rest is yours.
 *
 *     npx wrangler deploy examples/itty/app.ts --name app --compatibility-date 2026-10-01
 */
import { Router } from "itty-router";
import { createFrontDoor, type FrontDoor } from "tidegate/front";

const CONFIG = {
  upstreams: [{ name: "hub", origin: "https://registry-1.docker.io", default: true }],
  access: { anonymous: ["hub/library/alpine:pull"] },
};

/** An app with a registry in it. */
export function createApp(config: unknown): FrontDoor {
  const door = createFrontDoor(config);
  const router = Router<Request, [env?: unknown, ctx?: Parameters<FrontDoor["fetch"]>[2]]>();
  router
    .get("/health", () => Response.json({ ok: true }))
    .all("/v2/*", ({ method, url, headers, signal }, env, ctx) =>
      // the router hands out a proxy of the request: the door gets a plain one
      door.fetch(new Request(url, { method, headers, signal }), env, ctx))
    .all("*", () => new Response("Not found", { status: 404 }));
  return { fetch: (request, env, ctx) => router.fetch(request, env, ctx) };
}

export default createApp(CONFIG);
