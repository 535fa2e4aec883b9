import { spawn } from "node:child_process";
import { createHash, randomFillSync } from "node:crypto";
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** A blob that the origin serves. */
export interface OriginBlob {
  /** Path under the origin: `/v2/bench/blob/blobs/sha256:…`. */
  readonly path: string;
  readonly digest: string;
  readonly size: number;
}

/** nginx on loopback, serving files as a registry would serve blobs. */
export interface Origin {
  readonly url: string;
  /** Write a blob of random bytes. */
  addBlob(size: number): OriginBlob;
  stop(): Promise<void>;
}

const BLOCK_BYTES = 16 * 1024 * 1024;
const FOLDER = "v2/bench/blob/blobs";

/** Start nginx in a folder of its own, on a free port, with `sendfile`. */
export async function startOrigin(): Promise<Origin> {
  const root = mkdtempSync(join(tmpdir(), "tidegate-relay-"));
  chmodSync(root, 0o755); // nginx reads as another user when started by root
  mkdirSync(join(root, "files", FOLDER), { recursive: true });
  const port = await freePort();
  writeFileSync(join(root, "nginx.conf"), configOf(root, port));
  const nginx = spawn("nginx", ["-c", join(root, "nginx.conf"), "-p", root], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin` },
  });
  const ended = new Promise<void>((resolve, reject) => {
    nginx.on("close", () => resolve());
    nginx.on("error", reject);
  });
  const url = `http://127.0.0.1:${port}`;
  await Promise.race([answers(url), ended.then(() => Promise.reject(new Error("nginx ended")))]);
  return {
    url,
    addBlob: (size) => addBlob(root, size),
    async stop(): Promise<void> {
      nginx.kill("SIGTERM");
      await ended;
      rmSync(root, { recursive: true });
    },
  };
}

function configOf(root: string, port: number): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${root}/${kind};`).join(" ");
  return `worker_processes 1; daemon off; pid ${root}/nginx.pid; error_log ${root}/error.log;
    events { worker_connections 512; }
    http { access_log off; sendfile on; tcp_nopush on; default_type application/octet-stream;
      keepalive_requests 1000000; ${temporary}
      server { listen 127.0.0.1:${port} backlog=512; root ${root}/files; } }`;
}

function addBlob(root: string, size: number): OriginBlob {
  const block = randomFillSync(new Uint8Array(BLOCK_BYTES));
  const hash = createHash("sha256");
  const draft = join(root, "draft");
  const file = openSync(draft, "w");
  for (let left = size; left > 0; left -= BLOCK_BYTES) {
    block.set(new Uint8Array(new Float64Array([left]).buffer)); // blocks that differ
    const part = block.subarray(0, Math.min(left, BLOCK_BYTES));
    hash.update(part);
    writeSync(file, part);
  }
  closeSync(file);
  const digest = `sha256:${hash.digest("hex")}`;
  renameSync(draft, join(root, "files", FOLDER, digest));
  return { path: `/${FOLDER}/${digest}`, digest, size };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" ? address?.port ?? 0 : 0));
    });
  });
}

async function answers(url: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    try {
      await (await fetch(url)).arrayBuffer();
      return;
    } catch {
      await delay(50);
    }
  }
  throw new Error("nginx does not answer");
}
