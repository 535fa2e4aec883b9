/**
 * `npm start`: the front door in workerd before a simulated registry with multi-arch images, on
 * loopback, nothing else needed. `--port N` takes another port than 8787.
 */
import { randomBytes } from "node:crypto";
import { serveSimulation } from "../src/simulation/serve_node.ts";
import { announce, readDoorArguments, runCommand } from "./command.ts";
import { serveWorker } from "./serve_worker.ts";

await runCommand(async () => {
  const { port } = readDoorArguments(process.argv.slice(2));
  const registry = await serveSimulation();
  const config = JSON.stringify({
    upstreams: [
      { name: "demo", origin: registry.url, prefix: "docker.io", default: true, profile: "hub" },
    ],
    access: { anonymous: ["demo/**:pull"] },
    sealingKeys: [{ secret: "SEAL_KEY" }],
  });
  const secrets = { SEAL_KEY: randomBytes(32).toString("base64") };
  const door = await serveWorker({ port, config, secrets });
  announce(door, suggestions(new URL(door.url).host), async () => {
    await door.close();
    await registry.close();
  });
});

function suggestions(host: string): string[] {
  const image = `${host}/library/hello`;
  return [
    "try:",
    `  skopeo inspect --tls-verify=false docker://${image}:latest`,
    `  skopeo list-tags --tls-verify=false docker://${image}`,
    `  skopeo copy --src-tls-verify=false docker://${image}:latest dir:hello`,
    `  podman pull --tls-verify=false ${image}`,
    `  curl http://${image.replace("/library", "/v2/library")}/tags/list`,
  ];
}
