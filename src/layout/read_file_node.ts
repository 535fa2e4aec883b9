import { type FileHandle, open } from "node:fs/promises";

/**
 * The bytes of a part of a file, or undefined when it ends before.
 */
export async function readPart(
  path: string,
  start: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const file = await open(path);
  try {
    return await readFrom(file, start, length);
  } finally {
    await file.close();
  }
}

/** The bytes of a part of an open file, or undefined when it ends before. */
export async function readFrom(
  file: FileHandle,
  start: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(bytes, done, length - done, start + done);
    if (bytesRead === 0) return undefined;
    done += bytesRead;
  }
  return bytes;
}
