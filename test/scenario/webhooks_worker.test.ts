import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  buildImage,
  createSimulation,
  githubPackagePayload,
  githubWebhook,
  hubWebhook,
  type Simulation,
  type WebhookPost,
} from "../../src/simulation/mod.ts";
import { type ServedHost, serveSimulation } from "../../src/simulation/serve_node.ts";
import { type ServedWorker, serveWorker } from "../../tools/serve_worker.ts";

const HUB_HOOK = "canary-hub-5f0c1b7a6c0e";
const GH_HOOK = "canary-github-8f6e11f0";
let simulation: Simulation;
let upstream: ServedHost;
let door: ServedWorker;
let digest: string;

beforeAll(async () => {
  simulation = createSimulation();
  const registry = simulation.registry("registry.test");
  digest = registry.add("acme/app", { image: await buildImage({ layers: [10] }), tags: ["v1"] });
  upstream = await serveSimulation({ simulation, host: registry });
  const config = JSON.stringify({
    upstreams: [{ name: "sim", origin: upstream.url, default: true }],
    webhooks: {
      dockerHub: { secret: { secret: "HUB_HOOK" }, upstream: "sim" },
      github: { secrets: [{ secret: "GH_HOOK" }], upstream: "sim" },
      events: "console",
    },
  });
  door = await serveWorker({ port: 0, config, secrets: { HUB_HOOK, GH_HOOK } });
});

afterAll(async () => {
  await door?.close();
  await upstream?.close();
});

async function post(path: string, { headers, body }: WebhookPost): Promise<string> {
  const answer = await fetch(door.url + path, { method: "POST", headers: { ...headers }, body });
  return `${answer.status} ${await answer.text()}`;
}

describe("webhooks at the front door in workerd over TCP", () => {
  it("count once over the Durable Object, after one HEAD each", async () => {
    const payload = githubPackagePayload({ owner: "Acme", name: "app", tag: "v1", digest });
    const github = await githubWebhook({ secret: GH_HOOK, payload });
    const hub = hubWebhook({ repository: "acme/app", tag: "v1" });
    const hubPath = `/hooks/docker-hub/${HUB_HOOK}`;
    for (const outcome of ["published", "duplicate", "duplicate"]) {
      const answer = `200 {"outcome":"${outcome}"}`;
      expect(await post("/hooks/github", github)).toBe(answer);
      expect(await post(hubPath, hub)).toBe(answer);
    }
    expect(simulation.log.map(({ method }) => method)).toEqual(["HEAD", "HEAD"]);
  });

  it("say nothing to strangers", async () => {
    simulation.log.length = 0;
    const wrong = await githubWebhook({ secret: "another secret", payload: {} });
    expect(await post("/hooks/github", wrong)).toBe('401 {"error":"unauthorized"}');
    expect(await post("/hooks/docker-hub/x", wrong)).toBe(await post("/nothing", wrong));
    expect(simulation.log).toEqual([]);
  });
});
