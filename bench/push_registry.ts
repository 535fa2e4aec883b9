import { createHash, randomFillSync } from "node:crypto";
import {
  closeSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { freePort, run, type Running, startServer } from "../test/support/processes_node.ts";

const BLOCK_BYTES = 16 * 1024 * 1024;

/** A real registry (Debian's docker-registry) that keeps its data in a folder. */
export interface PushRegistry extends Running {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
}

/** Start the registry on a free port. */
export async function startPushRegistry(folder: string): Promise<PushRegistry> {
  const addr = `127.0.0.1:${await freePort()}`;
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "config.yml"); // JSON is YAML
  const config = {
    version: 0.1,
    log: { level: "info", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, "data") } },
    http: { addr },
  };
  writeFileSync(file, JSON.stringify(config));
  const env = { OTEL_TRACES_EXPORTER: "none" };
  const running = await startServer("docker-registry", ["serve", file], /listening on/, { env });
  return { ...running, origin: `http://${addr}` };
}

/** A registry of its own for each push: skopeo mounts what it pushed to the same host before. */
export async function withRegistry<T>(
  folder: string,
  use: (origin: string) => Promise<T>,
): Promise<T> {
  const data = join(folder, "registry");
  const registry = await startPushRegistry(data);
  try {
    return await use(registry.origin);
  } finally {
    await registry.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

/** An image of one layer in skopeo's `dir:` layout. */
export interface PushImage {
  readonly folder: string;
  /** The layer's file. */
  readonly path: string;
  readonly digest: string;
  readonly size: number;
}

/**
 * Write an image whose one layer has random bytes. It starts as gzip does: what looks compressed,
 * skopeo sends as it is.
 */
export function writeImage(folder: string, size: number): PushImage {
  mkdirSync(folder, { recursive: true });
  const layer = writeLayer(join(folder, "layer"), size);
  const config = new TextEncoder().encode('{"architecture":"amd64","os":"linux","rootfs":{}}');
  const describe = (mediaType: string, digest: string, size: number): object => ({
    ...{ mediaType: `application/vnd.docker.${mediaType}`, digest: `sha256:${digest}`, size },
  });
  const configHash = createHash("sha256").update(config).digest("hex");
  writeFileSync(join(folder, configHash), config);
  writeFileSync(join(folder, "version"), "Directory Transport Version: 1.1\n");
  const manifest = {
    schemaVersion: 2,
    mediaType: "application/vnd.docker.distribution.manifest.v2+json",
    config: describe("container.image.v1+json", configHash, config.length),
    layers: [describe("image.rootfs.diff.tar.gzip", layer.hash, size)],
  };
  writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
  return { folder, path: layer.path, digest: `sha256:${layer.hash}`, size };
}

function writeLayer(draft: string, size: number): { path: string; hash: string } {
  const block = randomFillSync(new Uint8Array(BLOCK_BYTES));
  block.set([0x1f, 0x8b, 8, 0]);
  const hash = createHash("sha256");
  const file = openSync(draft, "w");
  for (let left = size; left > 0; left -= BLOCK_BYTES) {
    block.set(new Uint8Array(new Float64Array([left]).buffer), 4); // blocks that differ
    const part = block.subarray(0, Math.min(left, BLOCK_BYTES));
    hash.update(part);
    writeSync(file, part);
  }
  closeSync(file);
  const hex = hash.digest("hex");
  const path = join(draft, "..", hex);
  renameSync(draft, path);
  return { path, hash: hex };
}

/** Push the image with skopeo; milliseconds of the whole command. */
export async function pushWithSkopeo(image: PushImage, to: string): Promise<number> {
  const destination = `docker://${to.replace("http://", "")}`;
  const args = ["copy", "-q", "--preserve-digests", "--dest-tls-verify=false"];
  const start = performance.now();
  const { status, stderr } = await run("skopeo", [...args, `dir:${image.folder}`, destination]);
  if (status !== 0) throw new Error(`skopeo: ${stderr}`);
  return performance.now() - start;
}
