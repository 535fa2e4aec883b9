import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasProxy, useEnvProxy } from "../../../src/cli/env_proxy_node.ts";
import { EXIT } from "../../../src/cli/exit_code.ts";
import { UsageError } from "../../../src/cli/usage_error.ts";
import { buildImage, createSimulation } from "../../../src/simulation/mod.ts";
import { serveHosts } from "../../../src/simulation/serve_node.ts";
import { COMMAND_RUNTIMES, tidegate } from "../../support/command_node.ts";
import { ownFolder } from "../../support/own_folder_node.ts";

/** A name that only the proxy knows. */
const HOST = "behind.proxy.test:5000";

/** A proxy that takes everything to one port, by either way that clients ask. */
function openProxy(port: number): { readonly server: Server; readonly asked: string[] } {
  const asked: string[] = [];
  const server = createServer((incoming: IncomingMessage, outgoing) => {
    const url = new URL(incoming.url ?? "");
    asked.push(url.host);
    const { method, headers } = incoming;
    const path = url.pathname + url.search;
    request({ port, host: "127.0.0.1", method, headers, path }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    }).end();
  });
  server.on("connect", ({ url }: IncomingMessage, socket: Socket) => {
    asked.push(url ?? "");
    const upstream = connect(port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      socket.pipe(upstream).pipe(socket);
    });
    for (const one of [socket, upstream]) one.on("error", () => {});
  });
  return { server, asked };
}

describe("the command behind a proxy", () => {
  const simulation = createSimulation();
  let served: Awaited<ReturnType<typeof serveHosts>>;
  let proxy: ReturnType<typeof openProxy>;
  beforeAll(async () => {
    const image = await buildImage({ layers: [1000, 33 * 1024 * 1024] });
    simulation.registry("registry.test").add("acme/app", { image, tags: ["v1"] });
    served = await serveHosts(simulation);
    proxy = openProxy(Number(new URL(served.url("registry.test")).port));
    await once(proxy.server.listen(0, "127.0.0.1"), "listening");
  });
  afterAll(async () => {
    proxy.server.closeAllConnections();
    proxy.server.close();
    await served.close();
  });

  it.each(COMMAND_RUNTIMES)("pulls through it on %s, large blobs, too", async (runtime) => {
    const { port } = proxy.server.address() as { port: number };
    const env = { HTTP_PROXY: `http://127.0.0.1:${port}`, NO_PROXY: "", no_proxy: "" };
    const words = ["pull", `${HOST}/acme/app:v1`, "--insecure", HOST];
    proxy.asked.length = 0;
    const { status, stderr } = await tidegate(runtime, ownFolder("proxy"), words, { env });
    expect(stderr).toContain("layer 3/3");
    expect(status).toBe(EXIT.ok);
    expect(new Set(proxy.asked)).toEqual(new Set([HOST]));
  });

  it("refuses one that is no URL, and does not repeat it", async () => {
    const env = { HTTPS_PROXY: "user:canary-proxy-77" };
    const { status, stderr } = await tidegate("node", ownFolder("proxy"), ["tags", HOST], { env });
    expect(stderr).toMatch(/^Error: A proxy in the environment is no URL/);
    expect(stderr).not.toContain("canary");
    expect(status).toBe(EXIT.usage);
  });
});

describe("useEnvProxy()", () => {
  it("does nothing where no proxy is named", () => {
    for (const env of [{}, { HTTPS_PROXY: "" }, { NO_PROXY: "a.test" }]) {
      expect(hasProxy(env)).toBe(false);
      useEnvProxy(env);
    }
    expect(hasProxy({ https_proxy: "http://a.test" })).toBe(true);
    expect(() => useEnvProxy({ http_proxy: "::::" })).toThrow(UsageError);
  });
});
