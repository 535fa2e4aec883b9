import { createHash, randomBytes } from "node:crypto";
import { createReadStream, createWriteStream, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

/** One descriptor of an OCI document. */
export interface LayoutDescriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly os: string; readonly architecture: string };
}

/** An image to write: how many layers, how long each. */
export interface LayoutImage {
  readonly layers: number;
  readonly layerBytes: number;
  readonly architecture?: string;
}

const BLOCK = 512;
const PIECE = 1024 * 1024;
const OCI = "application/vnd.oci.image";

/**
 * Writes an OCI image layout with real gzip layers of random bytes: input for real clients. It
 * shares no code with the library.
 */
export class LayoutWriter {
  readonly folder: string;
  #tags: object[] = [];

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(join(folder, "blobs", "sha256"), { recursive: true });
    writeFileSync(join(folder, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  }

  /** Write one image and name it. */
  async image(tag: string, image: LayoutImage): Promise<LayoutDescriptor> {
    const manifest = await this.#manifest(image);
    this.#tag(tag, manifest);
    return manifest;
  }

  /** Write an index of one image for each architecture and name it. */
  async index(tag: string, architectures: readonly string[]): Promise<LayoutDescriptor> {
    const manifests: LayoutDescriptor[] = [];
    for (const architecture of architectures) {
      const found = await this.#manifest({ layers: 2, layerBytes: 10_000, architecture });
      manifests.push({ ...found, platform: { os: "linux", architecture } });
    }
    const mediaType = `${OCI}.index.v1+json`;
    const index = this.#json(mediaType, { schemaVersion: 2, mediaType, manifests });
    this.#tag(tag, index);
    return index;
  }

  async #manifest(
    { layers, layerBytes, architecture = "amd64" }: LayoutImage,
  ): Promise<LayoutDescriptor> {
    const descriptors: LayoutDescriptor[] = [];
    const diffIds: string[] = [];
    for (let i = 0; i < layers; i++) {
      const { descriptor, diffId } = await this.#layer(`file-${i}`, layerBytes);
      descriptors.push(descriptor);
      diffIds.push(diffId);
    }
    const config = this.#json(`${OCI}.config.v1+json`, {
      ...{ architecture, os: "linux", config: {} },
      rootfs: { type: "layers", diff_ids: diffIds },
    });
    const mediaType = `${OCI}.manifest.v1+json`;
    return this.#json(mediaType, { schemaVersion: 2, mediaType, config, layers: descriptors });
  }

  /** A layer is a tar of one file of random bytes, gzipped. Constant memory for any length. */
  async #layer(
    name: string,
    length: number,
  ): Promise<{ descriptor: LayoutDescriptor; diffId: string }> {
    const path = join(this.folder, `${name}.tar.gz`);
    const plain = createHash("sha256");
    const tar = Readable.from(tarOf(name, length, plain));
    await pipeline(tar, createGzip({ level: 1 }), createWriteStream(path));
    const packed = createHash("sha256");
    let size = 0;
    for await (const chunk of createReadStream(path)) {
      packed.update(chunk);
      size += chunk.length;
    }
    const hex = packed.digest("hex");
    renameSync(path, join(this.folder, "blobs", "sha256", hex));
    const mediaType = `${OCI}.layer.v1.tar+gzip`;
    return {
      descriptor: { mediaType, digest: `sha256:${hex}`, size },
      diffId: `sha256:${plain.digest("hex")}`,
    };
  }

  #json(mediaType: string, value: object): LayoutDescriptor {
    const text = JSON.stringify(value);
    const hex = createHash("sha256").update(text).digest("hex");
    writeFileSync(join(this.folder, "blobs", "sha256", hex), text);
    return { mediaType, digest: `sha256:${hex}`, size: text.length };
  }

  #tag(tag: string, descriptor: LayoutDescriptor): void {
    this.#tags.push({ ...descriptor, annotations: { "org.opencontainers.image.ref.name": tag } });
    const index = { schemaVersion: 2, manifests: this.#tags };
    writeFileSync(join(this.folder, "index.json"), JSON.stringify(index));
  }
}

/** A ustar archive of one file of random bytes, hashed on the way. */
function* tarOf(
  name: string,
  length: number,
  hash: { update(bytes: Uint8Array): unknown },
): Generator<Uint8Array> {
  const emit = (bytes: Uint8Array): Uint8Array => {
    hash.update(bytes);
    return bytes;
  };
  yield emit(tarHeader(name, length));
  for (let left = length; left > 0; left -= PIECE) yield emit(randomBytes(Math.min(left, PIECE)));
  yield emit(Buffer.alloc((BLOCK - length % BLOCK) % BLOCK + 2 * BLOCK));
}

/** POSIX.1-1988 ustar: octal fields, and a checksum counted with its own field as spaces. */
function tarHeader(name: string, length: number): Uint8Array {
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0);
  header.write("0000644\0" + "0000000\0" + "0000000\0", 100);
  header.write(`${length.toString(8).padStart(11, "0")}\0` + "00000000000\0", 124);
  header.write("        0", 148);
  header.write("ustar\x0000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}
