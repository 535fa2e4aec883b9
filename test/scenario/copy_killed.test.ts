import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { CopyEvent } from "../../src/copy/mod.ts";
import { openLayout } from "../../src/layout/mod.ts";
import { buildImage, createSimulation } from "../../src/simulation/mod.ts";
import { serveSimulation } from "../../src/simulation/serve_node.ts";
import { temporaryFolder } from "../support/processes_node.ts";

const CHUNK = 256 * 1024;
const LAYERS = 3;
const IMAGE = await buildImage({
  layers: Array.from({ length: LAYERS }, (_, i) => ({
    size: 3_000_000 + i,
    compression: "none" as const,
  })),
});
const BYTES = IMAGE.blobs.reduce((sum, { content }) => sum + content.size, 0);
const KILLS = process.env["TIDEGATE_FULL"] ? 33 : 1;

/** Run the copy; with a moment, kill it when that share of the image has arrived. */
function runChild(args: readonly string[], killAt?: number): Promise<CopyEvent[]> {
  const child = spawn(process.execPath, ["test/support/copy_child.ts", ...args]);
  const events: CopyEvent[] = [];
  let text = "";
  let errors = "";
  const arrived = new Map<string, number>();
  child.stderr.on("data", (chunk) => errors += chunk);
  child.stdout.on("data", (chunk) => {
    text += chunk;
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) {
      const event = JSON.parse(line) as CopyEvent;
      events.push(event);
      if (event.type === "blob.progress") arrived.set(event.digest, event.arrivedBytes);
      const sum = [...arrived.values()].reduce((a, b) => a + b, 0);
      if (killAt !== undefined && sum >= killAt * BYTES) child.kill("SIGKILL");
    }
  });
  return new Promise((resolve, reject) => {
    child.on("close", (status) => {
      if (status === 0 || killAt !== undefined) resolve(events);
      else reject(new Error(errors));
    });
  });
}

describe.each(["copy", "pull", "push"])("a process killed in the middle of a %s", (kind) => {
  it.each(Array.from({ length: KILLS }, (_, i) => i))("finishes when run again: %i", async (i) => {
    const killAt = 0.1 + 0.8 * ((i * 0.618) % 1);
    const folder = temporaryFolder("killed");
    const simulation = createSimulation();
    const from = simulation.registry("http://from.test");
    const to = simulation.registry("http://to.test", { push: {} });
    from.add("acme/app", { image: IMAGE, tags: ["v1"] });
    const [served, target] = [
      await serveSimulation({ simulation, host: from }),
      await serveSimulation({ simulation, host: to }),
    ];
    try {
      const records = join(folder.path, "records");
      const source = `127.0.0.1:${served.port}/acme/app:v1`;
      const layout = `oci:${join(folder.path, "layout")}`;
      const sink = `127.0.0.1:${target.port}/mirror/app:v1`;
      if (kind === "push") await runChild([source, layout, records]);
      const ends = kind === "copy"
        ? [source, sink]
        : kind === "pull"
        ? [source, layout]
        : [layout, sink];
      simulation.faults.add(
        {
          hostKind: "registry",
          method: "GET",
          path: "*/blobs/*",
          action: { kind: "pace", bytes: 64 * 1024, everyMs: 15 },
        },
        {
          hostKind: "registry",
          method: "PATCH",
          action: { kind: "delay", ms: 40, before: "answer" },
        },
      );
      const first = await runChild([...ends, records], killAt);
      expect(first.some(({ type }) => type === "copy.finished")).toBe(false);
      simulation.faults.clear();
      const second = await runChild([...ends, records]);
      expect(second.at(-1)).toMatchObject({ type: "copy.finished", outcome: "copied" });
      const resumed = second.filter((event) => event.type === "blob.resumed");
      expect(resumed.length).toBeGreaterThan(0);
      const known = new Map<string, number>();
      for (const event of first) {
        if (event.type === "blob.progress") known.set(event.digest, event.arrivedBytes);
      }
      // what was told to have arrived comes again for one chunk at most
      for (const event of resumed) {
        expect(event.arrivedBytes).toBeGreaterThanOrEqual((known.get(event.digest) ?? 0) - CHUNK);
      }
      if (kind === "pull") {
        const verified = await (await openLayout(layout.slice(4))).verify();
        expect(verified).toMatchObject({ corrupt: [], missing: [] });
      } else {
        expect(to.repository("mirror/app").tags.get("v1")).toBe(IMAGE.digest);
        expect(readdirSync(records)).toEqual([]);
      }
    } finally {
      await Promise.all([served.close(), target.close()]);
      folder.remove();
    }
  });
});
