import { createServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { describe, expect, it } from "vitest";
import { createRegistryClient } from "../../../src/client/mod.ts";
import { createSimulation } from "../../../src/simulation/mod.ts";
import { serveSimulation } from "../../../src/simulation/serve_node.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;

describe("keptConnection()", () => {
  it("lets HEADs follow each other on few connections", async () => {
    const ports = new Set<number | undefined>();
    const server = createServer((request, response) => {
      ports.add(request.socket.remotePort);
      response.writeHead(200, { "content-length": "5" }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const registry = `127.0.0.1:${(server.address() as AddressInfo).port}`;
      const client = createRegistryClient();
      for (let i = 0; i < 20; i++) {
        await client.blobs.head({ registry, repository: "acme/app" }, DIGEST);
      }
      expect(ports.size).toBeLessThan(5); // one may still be busy with the end of the last answer
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it("takes nothing of a body that a HEAD must not have for the next answer", async () => {
    const head = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n";
    const server = createTcpServer((socket) => {
      socket.on("data", (bytes) => {
        const isHead = String(bytes).startsWith("HEAD");
        // more than is asked for: a second answer behind the first
        socket.write(
          isHead ? `${head}HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil` : `${head}hello`,
        );
      }).on("error", () => {});
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const registry = `127.0.0.1:${(server.address() as AddressInfo).port}`;
      const client = createRegistryClient();
      const ref = { registry, repository: "acme/app" };
      await client.blobs.head(ref, DIGEST);
      await new Promise((resolve) => setTimeout(resolve, 50));
      const { stream } = await client.blobs.get(ref, DIGEST, {
        range: { start: 0 },
        unverified: true,
      });
      expect(await new Response(stream).text()).toBe("hello");
    } finally {
      server.close();
    }
  });

  it("changes nothing of what is found", async () => {
    const simulation = createSimulation();
    const registry = simulation.registry("http://registry.test");
    const served = await serveSimulation({ simulation, host: registry });
    try {
      const client = createRegistryClient();
      const ref = { registry: `127.0.0.1:${served.port}`, repository: "acme/app" };
      expect(await client.blobs.exists(ref, DIGEST)).toBe(false);
      expect(await client.manifests.exists({ ...ref, tag: "v1" })).toBe(false);
    } finally {
      await served.close();
    }
  });
});
