import { createHash } from "node:crypto";
import { encodeUtf8 } from "../../src/core/mod.ts";
import { type ImageLayout, type LayoutManifest } from "../../src/layout/mod.ts";
import { type Descriptor, MEDIA_TYPES } from "../../src/manifest/mod.ts";
import { type Digest, parseDigest } from "../../src/reference/mod.ts";

/** The digest of bytes, computed apart from the library. */
export function sha256(bytes: Uint8Array | string): Digest {
  return parseDigest(`sha256:${createHash("sha256").update(bytes).digest("hex")}`);
}

/** A descriptor of bytes. */
export function describeBytes(
  bytes: Uint8Array,
  mediaType: string = MEDIA_TYPES.layer,
): Descriptor {
  return { mediaType, digest: sha256(bytes), size: bytes.length };
}

/** Bytes that are not all the same, and the same every time. */
export function patternBytes(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0, state = seed; i < length; i++) {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    bytes[i] = state >> 16;
  }
  return bytes;
}

/** Write a blob whole. */
export async function putBlob(layout: ImageLayout, bytes: Uint8Array): Promise<Descriptor> {
  const descriptor = describeBytes(bytes);
  const writer = await layout.blobWriter(descriptor);
  await writer.write(bytes.subarray(writer.offset));
  await writer.close();
  return descriptor;
}

/** A document as a manifest. */
export function manifestOf(document: object, mediaType: string): LayoutManifest {
  const bytes = encodeUtf8(JSON.stringify({ schemaVersion: 2, mediaType, ...document }));
  return { bytes, mediaType, digest: sha256(bytes) };
}

/** The descriptor of a manifest. */
export function describeManifest({ bytes, mediaType, digest }: LayoutManifest): Descriptor {
  return { mediaType, digest, size: bytes.length };
}

/** What {@linkcode putImage} makes. */
export interface ImageOptions {
  readonly layers?: readonly Uint8Array[];
  readonly architecture?: string;
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Write an image with its blobs; without a name it is in no index. */
export async function putImage(
  layout: ImageLayout,
  name: string | undefined,
  { layers = [patternBytes(3000)], architecture = "amd64", ...rest }: ImageOptions = {},
): Promise<Descriptor> {
  const config = encodeUtf8(JSON.stringify({
    ...{ architecture, os: "linux", config: {} },
    rootfs: { type: "layers", diff_ids: layers.map(sha256) },
  }));
  await putBlob(layout, config);
  for (const layer of layers) await putBlob(layout, layer);
  const manifest = manifestOf({
    config: describeBytes(config, MEDIA_TYPES.imageConfig),
    layers: layers.map((layer) => describeBytes(layer)),
    ...rest,
  }, MEDIA_TYPES.imageManifest);
  await layout.putManifest(manifest, name);
  return describeManifest(manifest);
}

/** All bytes of a stream. */
export async function readAll(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(
    await new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer(),
  );
}

/** One entry of an archive made by hand. */
export interface HandMadeEntry {
  readonly name: string;
  readonly content?: Uint8Array | string;
  /** Flag of ustar. Default is a file. */
  readonly type?: string;
  readonly linkName?: string;
  /** The size that the header tells. Default is that of the content. */
  readonly size?: number;
}

/** A ustar archive of any entries, hostile ones too. It shares no code with the library. */
export function handMadeTar(entries: readonly HandMadeEntry[]): Uint8Array<ArrayBuffer> {
  const parts = entries.flatMap((entry) => {
    const content = Buffer.from(entry.content ?? "");
    const padding = Buffer.alloc((512 - content.length % 512) % 512);
    return [handMadeHeader(entry, content.length), content, padding];
  });
  return new Uint8Array(Buffer.concat([...parts, Buffer.alloc(1024)]));
}

function handMadeHeader(
  { name, type = "0", linkName = "", size }: HandMadeEntry,
  length: number,
): Uint8Array {
  const header = Buffer.alloc(512);
  header.write(name, 0, 100);
  header.write("0000644\0" + "0000000\0" + "0000000\0", 100);
  header.write(`${(size ?? length).toString(8).padStart(11, "0")}\0` + "00000000000\0", 124);
  header.write("        ", 148);
  header.write(type, 156);
  header.write(linkName, 157, 100);
  header.write("ustar\x0000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}
