import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, inject, it } from "vitest";
import type { FrontDoor } from "../../src/front/mod.ts";

const CONFIG = {
  upstreams: [{ name: "sim", origin: inject("registryUrl"), insecure: true, default: true }],
  access: { anonymous: ["sim/library/hello:pull"] },
};

/** The example itself, importing the installed package. */
async function load(): Promise<FrontDoor> {
  const path = join(inject("workspace"), "examples/itty/app.ts");
  const { createApp } = await import(/* @vite-ignore */ pathToFileURL(path).href) as {
    createApp: (config: unknown) => FrontDoor;
  };
  return createApp(CONFIG);
}

const ask = async (app: FrontDoor, path: string, init?: RequestInit): Promise<Response> =>
  await app.fetch(new Request(`https://app.test${path}`, init), {});

describe("itty", () => {
  it("answers its own routes and leaves /v2/ to the front door", async () => {
    const app = await load();
    expect(await (await ask(app, "/health")).json()).toEqual({ ok: true });
    expect((await ask(app, "/elsewhere")).status).toBe(404);
    const manifest = await ask(app, "/v2/library/hello/manifests/latest");
    expect(manifest.status).toBe(200);
    expect(manifest.headers.get("docker-content-digest")).toMatch(/^sha256:/);
    expect((await ask(app, "/v2/")).status).toBe(200);
  });

  it("HEAD and denied requests pass through the router unchanged", async () => {
    const app = await load();
    const head = await ask(app, "/v2/library/hello/manifests/latest", { method: "HEAD" });
    expect(head.status).toBe(200);
    expect(Number(head.headers.get("content-length"))).toBeGreaterThan(0);
    expect([401, 403]).toContain((await ask(app, "/v2/library/layers/manifests/40")).status);
  });
});
