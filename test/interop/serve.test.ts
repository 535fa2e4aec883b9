import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LayoutDescriptor, LayoutWriter } from "../support/oci_layout_node.ts";
import {
  freePort,
  run,
  type Running,
  startServer,
  temporaryFolder,
} from "../support/processes_node.ts";
import { digestsOf, failure, skopeo, skopeoPull, skopeoPush } from "./clients.ts";
import { sha256Hex } from "./front_door.ts";
import { pullHeavyBlob, pushHeavyBlob } from "./heavy_blob.ts";
import { forgetPeaks, peakMibOf } from "./memory.ts";
import { type RealRegistry, startRegistry } from "./registries.ts";

const MIB = 1024 * 1024;
const SMALL_BYTES = 24 * MIB;
/** 400 MiB; 4 GiB with `--full`. */
const HEAVY_BYTES = (process.env["TIDEGATE_FULL"] === "1" ? 4096 : 400) * MIB;
/** What a door may have resident with one layer on its way, however large. */
const MOST_RESIDENT_MIB = 256;
const RUNTIMES: readonly (readonly [string, readonly string[]])[] = [
  ["node", []],
  ["deno", ["run", "-A", "--v8-flags=--max-semi-space-size=8"]], // docs/front-door.md
  ["bun", []],
];
const IMAGES = ["one", "forty", "multi", "small"] as const;
const USER = "ci:the-password";

const folder = temporaryFolder("serve-interop");
/** The command as the package has it: Node alone needs 40 MiB more to read TypeScript. */
const COMMAND = "dist/cli/tidegate.js";
const at = (name: string): string => join(folder.path, name);
const layout = new LayoutWriter(at("layout"));
const made = new Map<string, LayoutDescriptor>();
const expected = new Map<string, Record<string, string>>();
let registry: RealRegistry;

/** `tidegate serve` on a runtime, as its operator starts it. */
async function startServe(
  runtime: string,
  words: readonly string[],
): Promise<Running & { readonly host: string }> {
  const config = at("door.yaml");
  writeFileSync(
    config,
    [
      `upstreams: [{ name: reg, origin: "http://${registry.host}", default: true }]`,
      "access:",
      '  anonymous: ["reg/made/**:pull", "reg/heavy/**:pull,push"]',
      "  tokens:",
      `    - { name: ci, sha256: ${sha256Hex("the-password")}, allow: ["reg/**:pull,push"] }`,
      "sealingKeys: [{ secret: SEAL_KEY }]",
    ].join("\n"),
  );
  const port = await freePort();
  const args = [...words, COMMAND, "serve", "--config", config];
  const ready = new RegExp(`tidegate: front door ready at http://127\\.0\\.0\\.1:${port}`);
  const running = await startServer(
    runtime,
    [...args, "--port", String(port), "--kv", at(`${runtime}.db`)],
    ready,
    { env: { SEAL_KEY: "not a secret, but as long as one has to be" } },
  );
  return { ...running, host: `127.0.0.1:${port}` };
}

beforeAll(async () => {
  expect(failure(await run("node", ["tools/build.ts"]))).toBe("");
  made.set("one", await layout.image("one", { layers: 1, layerBytes: 100_000 }));
  made.set("forty", await layout.image("forty", { layers: 40, layerBytes: 50_000 }));
  made.set("multi", await layout.index("multi", ["amd64", "arm64", "s390x"]));
  made.set("small", await layout.image("small", { layers: 1, layerBytes: SMALL_BYTES }));
  registry = await startRegistry(at("registry"));
  for (const image of IMAGES) {
    await skopeoPush(layout.folder, image, `${registry.host}/made/${image}:latest`);
    const out = at(`expected-${image}`);
    expect(failure(await skopeoPull(`${registry.host}/made/${image}:latest`, out))).toBe("");
    expected.set(image, await digestsOf(out));
  }
});

afterAll(async () => {
  await registry?.stop();
  folder.remove();
});

describe.each(RUNTIMES)("tidegate serve on %s", (runtime, words) => {
  let door: Running & { readonly host: string };
  beforeAll(async () => {
    door = await startServe(runtime, words);
  });
  afterAll(() => door?.stop());

  it("is inspected, and lists tags", async () => {
    const { status, stdout } = await skopeo("inspect", `${door.host}/made/one:latest`);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ Digest: made.get("one")?.digest });
    const tags = await skopeo("list-tags", `${door.host}/made/one`);
    expect(JSON.parse(tags.stdout)).toMatchObject({ Tags: ["latest"] });
  });

  it.each(IMAGES)("%s is pulled byte for byte", async (image) => {
    const out = at(`${runtime}-${image}`);
    expect(failure(await skopeoPull(`${door.host}/made/${image}:latest`, out))).toBe("");
    expect(await digestsOf(out)).toEqual(expected.get(image));
  });

  it.each(IMAGES)("%s is pushed byte for byte", async (image) => {
    const name = `${runtime}/${image}:latest`;
    await skopeoPush(layout.folder, image, `${door.host}/${name}`, { credentials: USER });
    const out = at(`${runtime}-pushed-${image}`);
    expect(failure(await skopeoPull(`${registry.host}/${name}`, out))).toBe("");
    expect(await digestsOf(out)).toEqual(expected.get(image));
  });

  it("nobody pushes without the right to", async () => {
    const pushed = skopeoPush(layout.folder, "one", `${door.host}/${runtime}/denied:latest`);
    await expect(pushed).rejects.toThrow(/denied|unauthorized|authentication/i);
  });

  it.each([false, true])(
    "a blob's size does not show in its memory, either way; in chunks: %s",
    async (isChunked) => {
      for (const [i, bytes] of [SMALL_BYTES, HEAVY_BYTES].entries()) {
        let least = Infinity; // what a blob needs it needs each time; when garbage goes is chance
        for (let round = 0; round < 3 && least >= MOST_RESIDENT_MIB; round++) {
          forgetPeaks(door);
          const repository = `heavy/${runtime}-${isChunked}`;
          const how = { bytes, seed: 10 * i + round, isChunked };
          const digest = await pushHeavyBlob(door.host, repository, how);
          expect(await pullHeavyBlob(door.host, repository, digest)).toBe(digest);
          least = Math.min(least, peakMibOf(door));
        }
        expect(least).toBeLessThan(MOST_RESIDENT_MIB);
      }
    },
  );
});
