import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { socketFetch } from "../../src/cli/socket_fetch_node.ts";
import { createRegistryClient } from "../../src/client/mod.ts";
import type { Fetch } from "../../src/core/mod.ts";
import { buildImage, type BuiltImage, createSimulation } from "../../src/simulation/mod.ts";
import { nodeHasher, serveHosts } from "../../src/simulation/serve_node.ts";
import { runIn } from "../support/cli_world.ts";
import { ownFolder } from "../support/own_folder_node.ts";

const LARGE = 32 * 1024 * 1024;
const simulation = createSimulation();
let image: BuiltImage;
beforeAll(async () => {
  image = await buildImage({ layers: [LARGE, LARGE - 1, 1000], hasher: nodeHasher });
});

/** Note what goes this way. */
function noted(fetch: Fetch): { readonly fetch: Fetch; readonly seen: string[] } {
  const seen: string[] = [];
  return {
    seen,
    async fetch(request): Promise<Response> {
      const response = await fetch(request);
      const { hostname } = new URL(request.url);
      seen.push(`${hostname} ${response.status} ${request.headers.has("authorization")}`);
      return response;
    },
  };
}

describe("blobs of 32 MiB and more", () => {
  it("take the way for large ones, to where they are redirected, without the proof", async () => {
    const tokens = simulation.tokenService("auth.test", { allow: () => true });
    const registry = simulation.registry("redirecting.test", {
      auth: { mode: "bearer", tokens },
      redirect: { to: simulation.blobHost("cdn.test") },
    });
    registry.add("acme/app", { image, tags: ["v1"] });
    const { fetch, seen } = noted(simulation.fetch);
    const client = createRegistryClient({
      fetch: simulation.fetch,
      transport: { largeFetch: fetch },
    });
    for (const { digest, content: { size } } of image.layers) {
      const ref = { registry: "redirecting.test", repository: "acme/app" };
      const blob = await client.blobs.get(ref, digest, { size });
      await blob.pipeTo(new WritableStream().getWriter());
    }
    expect(seen).toEqual([
      "redirecting.test 401 false",
      "redirecting.test 307 true",
      "cdn.test 200 false",
    ]);
  });

  describe("of the command", () => {
    const registry = simulation.registry("plain.test");
    let served: Awaited<ReturnType<typeof serveHosts>>;
    beforeAll(async () => {
      registry.add("acme/app", { image, tags: ["v1"] });
      served = await serveHosts(simulation);
    });
    afterAll(() => served.close());

    it("come over sockets, and what came is right", async () => {
      const folder = ownFolder("large");
      const { fetch, seen } = noted(socketFetch(() => Promise.reject(new Error("not plain"))));
      const name = `${new URL(served.url("plain.test")).host}/acme/app:v1`;
      const cache = ["--cache", `${folder}/cache`];
      const pulled = await runIn(folder, ["pull", name, ...cache], { largeFetch: fetch });
      expect(pulled).toMatchObject({ code: 0 });
      expect(seen).toEqual(["127.0.0.1 200 false"]);
      expect(await runIn(folder, ["cache", "verify", ...cache])).toMatchObject({ code: 0 });
    });
  });
});
