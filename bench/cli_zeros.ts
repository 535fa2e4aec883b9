import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

const PIECE: Uint8Array<ArrayBuffer> = new Uint8Array(1024 * 1024);
const MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";

/** An image whose layers hold nothing but zeros, each of another length, so of another digest. */
export interface ZeroImage {
  readonly manifest: Uint8Array<ArrayBuffer>;
  /** Of the manifest. */
  readonly digest: string;
  readonly config: Uint8Array<ArrayBuffer>;
  readonly configDigest: string;
  /** Sizes by digest. */
  readonly layers: ReadonlyMap<string, number>;
}

/** A registry that keeps no layer: it makes up those of one image, and counts what is pushed. */
export interface ZeroRegistry {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** Bytes of layers that were pushed. */
  received(): number;
  stop(): Promise<void>;
}

/** Make one. Hashing takes a second for every GiB or two. */
export function zeroImage(size: number, count: number): ZeroImage {
  const layers = new Map<string, number>();
  for (let i = 0; i < count; i++) layers.set(digestOfZeros(size + i), size + i);
  const config = encode({ architecture: "amd64", os: "linux", rootfs: { type: "layers" } });
  const configDigest = digestOf(config);
  const configType = "application/vnd.oci.image.config.v1+json";
  const manifest = encode({
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: { mediaType: configType, digest: configDigest, size: config.length },
    layers: [...layers].map(([digest, size]) => ({
      ...{ mediaType: "application/vnd.oci.image.layer.v1.tar", digest, size },
    })),
  });
  return { manifest, digest: digestOf(manifest), config, configDigest, layers };
}

/** Serve the image on loopback, and take what is pushed. */
export async function startZeroRegistry(image: ZeroImage): Promise<ZeroRegistry> {
  const counter = { bytes: 0 };
  const server = createServer((request, response) => {
    answer(image, counter, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    origin: `http://127.0.0.1:${port}`,
    received: () => counter.bytes,
    stop: () => stop(server),
  };
}

async function answer(
  image: ZeroImage,
  counter: { bytes: number },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = "", url = "" } = request;
  const path = url.replace(/\?.*/s, "");
  const isPushed = path.startsWith("/v2/pushed/"); // a repository that has nothing yet
  if (method === "GET" || method === "HEAD") {
    if (isPushed) response.writeHead(404).end();
    else await send(image, path.split("/").at(-1) ?? "", method === "HEAD", response);
    return;
  }
  const received = await drain(request);
  if (!path.includes("/uploads/")) {
    const digest = path.includes("/manifests/") ? image.digest : "";
    response.writeHead(201, { location: path, "docker-content-digest": digest }).end();
  } else if (method === "POST") {
    const id = Math.random().toString(16).slice(2);
    response.writeHead(202, { location: `${path}${id}?at=0` }).end();
  } else {
    counter.bytes += received;
    const at = Number(/at=(\d+)/.exec(url)?.[1] ?? 0) + received;
    const isLast = method === "PUT";
    const headers = { location: `${path}?at=${at}`, range: `0-${Math.max(0, at - 1)}` };
    response.writeHead(isLast ? 201 : 202, headers).end();
  }
}

async function drain(request: IncomingMessage): Promise<number> {
  let bytes = 0;
  for await (const chunk of request) bytes += (chunk as Uint8Array).length;
  return bytes;
}

async function send(
  { config, configDigest, digest, layers, manifest }: ZeroImage,
  wanted: string,
  isHead: boolean,
  response: ServerResponse,
): Promise<void> {
  const size = layers.get(wanted);
  if (size === undefined) {
    const isConfig = wanted === configDigest;
    const bytes = isConfig ? config : manifest;
    response.writeHead(200, {
      "content-type": isConfig ? "application/octet-stream" : MANIFEST_TYPE,
      "content-length": bytes.length,
      "docker-content-digest": isConfig ? wanted : digest,
    });
    response.end(isHead ? undefined : bytes);
    return;
  }
  response.writeHead(200, { "content-length": size, "docker-content-digest": wanted });
  for (let left = isHead ? 0 : size; left > 0; left -= PIECE.length) {
    const isTaken = response.write(PIECE.subarray(0, Math.min(left, PIECE.length)));
    if (!isTaken) await drained(response);
  }
  response.end();
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve, reject) => {
    const onDrain = (): void => {
      response.off("close", onClose);
      resolve();
    };
    const onClose = (): void => {
      response.off("drain", onDrain);
      reject(new Error("The client has gone"));
    };
    response.once("drain", onDrain).once("close", onClose);
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function digestOfZeros(size: number): string {
  const hash = createHash("sha256");
  for (let left = size; left > 0; left -= PIECE.length) {
    hash.update(PIECE.subarray(0, Math.min(left, PIECE.length)));
  }
  return `sha256:${hash.digest("hex")}`;
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

function encode(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value));
}
