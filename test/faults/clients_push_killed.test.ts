import { createHash } from "node:crypto";
import { describe, expect, inject, it } from "vitest";
import { createRegistryClient, type RegistryClientOptions } from "../../src/client/mod.ts";
import { contentBytes } from "../../src/simulation/mod.ts";
import { serveWorker } from "../../tools/serve_worker.ts";
import { startRegistry } from "../interop/registries.ts";
import { freePort, temporaryFolder } from "../support/processes_node.ts";
import { fixedRandom } from "../support/transport.ts";
import { blobContent } from "./catalogue.ts";
import { digestOf } from "./push.ts";

const isFull = inject("full");
const CHUNK = 4 * 1024 * 1024;
const BYTES = contentBytes(blobContent("huge"));
/** Chunks after which docker-registry is killed. */
const KILLS = isFull ? [1, 5, 10, 15] : [5];
const PATIENT: RegistryClientOptions = { random: fixedRandom(0.9) };

// with a secret of its own for each process, no upload of the one before is known to the next
describe.each(["one for both", "one for each"])(
  "docker-registry, killed; its secret: %s",
  (kind) => {
    describe.each(["the library", "a door"])("before %s", (before) => {
      it.each(KILLS)("after chunk %i, and started again on its folder", async (kill) => {
        const folder = temporaryFolder("killed");
        const port = await freePort();
        const shared = kind === "one for both" ? "not a secret" : undefined;
        const start = (): ReturnType<typeof startRegistry> =>
          startRegistry(folder.path, undefined, port, shared);
        let running = await start();
        const upstream = { name: "real", prefix: "real", origin: `http://127.0.0.1:${port}` };
        const door = before === "the library" ? undefined : await serveWorker({
          port: 0,
          secrets: { SEAL_KEY: "not a secret, the same for all doors here" },
          config: JSON.stringify({
            upstreams: [upstream],
            access: { anonymous: ["real/**:pull,push"] },
            sealingKeys: [{ secret: "SEAL_KEY" }],
          }),
        });
        try {
          let restarted: Promise<void> | undefined;
          const ref = door === undefined
            ? { registry: `127.0.0.1:${port}`, repository: "case/killed" }
            : { registry: new URL(door.url).host, repository: "real/case/killed" };
          const digest = await digestOf("huge");
          const pushed = await createRegistryClient(PATIENT).blobs.put(ref, BYTES, {
            ...{ digest, chunkBytes: CHUNK },
            onProgress(arrived): void {
              if (arrived < kill * CHUNK || restarted !== undefined) return;
              restarted = running.kill().then(async () => void (running = await start()));
            },
          });
          await restarted;
          expect(restarted).toBeDefined();
          expect(pushed.outcome).toBe("uploaded");
          const url = `http://127.0.0.1:${port}/v2/case/killed/blobs/${digest}`;
          const stored = Buffer.from(await (await fetch(url)).arrayBuffer());
          expect(`sha256:${createHash("sha256").update(stored).digest("hex")}`).toBe(digest);
          const again = pushed.sentBytes - BYTES.length;
          console.log(`${kind}, ${before}: ${again} bytes sent again`);
          expect(again).toBeLessThanOrEqual((kill + 2) * CHUNK);
        } finally {
          await door?.close();
          await running.stop();
          folder.remove();
        }
      });
    });
  },
);
