import { createHash, randomBytes } from "node:crypto";
import { get, request } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

const PIECE_BYTES = 1024 * 1024;
const NOISE = randomBytes(PIECE_BYTES);

/** Bytes that no memory holds, different with each seed. */
function* pieces(bytes: number, seed: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes; at += PIECE_BYTES) {
    const piece = NOISE.subarray(0, Math.min(PIECE_BYTES, bytes - at));
    piece.writeUInt32BE(seed, 0);
    piece.writeDoubleBE(at, 4);
    yield Buffer.from(piece);
  }
}

function digestOf(parts: Iterable<Uint8Array>): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return `sha256:${hash.digest("hex")}`;
}

async function startUpload(host: string, repository: string): Promise<URL> {
  const url = `http://${host}/v2/${repository}/blobs/uploads/`;
  const answer = await fetch(url, { method: "POST" });
  if (answer.status !== 202) throw new Error(`POST answered ${answer.status}`);
  return new URL(answer.headers.get("location") ?? "", url);
}

/**
 * Push a blob of so many bytes in one PUT.
 *
 * @param isChunked Without its length.
 * @returns Its digest.
 */
export async function pushHeavyBlob(
  host: string,
  repository: string,
  { bytes, seed, isChunked }: { bytes: number; seed: number; isChunked: boolean },
): Promise<string> {
  const digest = digestOf(pieces(bytes, seed));
  const url = await startUpload(host, repository);
  url.searchParams.set("digest", digest);
  const headers = isChunked ? {} : { "content-length": bytes };
  const put = request(url, { method: "PUT", headers });
  const status = new Promise<number | undefined>((resolve, reject) => {
    put.once("error", reject);
    put.once("response", (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
  });
  await Promise.all([pipeline(Readable.from(pieces(bytes, seed)), put), status]);
  if (await status !== 201) throw new Error(`PUT answered ${await status}`);
  return digest;
}

/** Pull a blob and drop it; the digest of what came. */
export async function pullHeavyBlob(
  host: string,
  repository: string,
  digest: string,
): Promise<string> {
  const hash = createHash("sha256");
  await new Promise<void>((resolve, reject) => {
    get(`http://${host}/v2/${repository}/blobs/${digest}`, (answer) => {
      answer.on("data", (part: Uint8Array) => hash.update(part));
      answer.on("error", reject);
      answer.on("end", resolve);
    }).on("error", reject);
  });
  return `sha256:${hash.digest("hex")}`;
}
