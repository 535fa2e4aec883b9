import type { TestProject } from "vitest/node";
import { serveSimulation } from "../../src/simulation/serve_node.ts";
import { serveWorker } from "../../tools/serve_worker.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** `127.0.0.1:PORT` of a front door that any page may read. */
    readonly openDoor: string;
    /** The same registry behind a front door that sends no CORS headers. */
    readonly closedDoor: string;
  }
}

/** A simulated registry, and two front doors in workerd before it: other origins than the page's. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const registry = await serveSimulation();
  const config = (origins: readonly string[]): string =>
    JSON.stringify({
      upstreams: [{ name: "sim", origin: registry.url, insecure: true, default: true }],
      access: { anonymous: ["sim/library/*:pull"] },
      cors: { origins },
    });
  const open = await serveWorker({ port: 0, config: config(["*"]), secrets: {} });
  const closed = await serveWorker({ port: 0, config: config([]), secrets: {} });
  project.provide("openDoor", new URL(open.url).host);
  project.provide("closedDoor", new URL(closed.url).host);
  return async () => {
    await open.close();
    await closed.close();
    await registry.close();
  };
}
