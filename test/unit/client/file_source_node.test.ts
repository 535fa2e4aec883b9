import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openSource } from "../../../src/client/blob_source.ts";
import { createUploadWindow } from "../../../src/client/upload_window.ts";
import { systemClock } from "../../../src/core/mod.ts";
import { wasmHasher } from "../../../src/hash/mod.ts";
import { fileSource } from "../../../src/client/file_source_node.ts";

const folder = await mkdtemp(join(tmpdir(), "tidegate-file-"));
const path = join(folder, "layer");
const bytes = Uint8Array.from({ length: 600_000 }, (_, i) => (i * 7) % 251);
await writeFile(path, bytes);
afterAll(() => rm(folder, { recursive: true }));

async function read(slice: unknown): Promise<Uint8Array> {
  return await new Response(slice as ReadableStream<Uint8Array>).bytes();
}

describe("fileSource()", () => {
  it("tells the size, and reads any part as often as asked", async () => {
    const source = await fileSource(path);
    expect(source.size).toBe(bytes.length);
    for (const [start, end] of [[0], [0, 0], [5, 300_000], [599_999], [600_000], [7, 1e9]]) {
      expect(await read(source.slice(start ?? 0, end))).toEqual(bytes.slice(start, end));
    }
  });

  it("reads into the buffer that the reader brings", async () => {
    const source = await fileSource(path);
    const stream = await source.slice(0) as ReadableStream<Uint8Array<ArrayBuffer>>;
    const reader = stream.getReader({ mode: "byob" });
    const { value } = await reader.read(new Uint8Array(1000));
    expect(value).toEqual(bytes.slice(0, 1000));
    await reader.cancel();
  });

  it.each([0, 5, 300_000, 599_999, 600_000])("has a reader from byte %i on", async (start) => {
    const reader = await (await fileSource(path)).read?.(start);
    const parts: Uint8Array[] = [];
    for (let part = await reader?.read(); part !== undefined; part = await reader?.read()) {
      parts.push(part.slice()); // lent
    }
    expect(Buffer.concat(parts).equals(bytes.subarray(start))).toBe(true);
    expect(await reader?.read()).toBeUndefined();
    await reader?.cancel();
  });

  it("ends a reader that is given up, as often as it is", async () => {
    const reader = await (await fileSource(path)).read?.(0);
    expect(await reader?.read()).toHaveLength(256 * 1024);
    await reader?.cancel();
    await reader?.cancel();
    await expect(reader?.read()).rejects.toMatchObject({ name: "AbortError" });
  });

  it("is read no further once the push is aborted", async () => {
    const big = join(folder, "big");
    await writeFile(big, "");
    await truncate(big, 4 * 2 ** 30); // none of it on disk
    const stop = new AbortController();
    const window = createUploadWindow({
      source: openSource(await fileSource(big), systemClock),
      ...{ size: 4 * 2 ** 30, algorithm: "sha256", createHasher: wasmHasher, signal: stop.signal },
    });
    setTimeout(() => stop.abort(new Error("enough")), 20);
    await expect(window.skip(4 * 2 ** 30)).rejects.toThrow("enough");
  });

  it("refuses what is no file, by name", async () => {
    await expect(fileSource(folder)).rejects.toMatchObject({
      code: "UPLOAD_FAILED",
      message: `The upload failed: ${folder} is not a file`,
    });
    const gone = join(folder, "gone");
    await expect(fileSource(gone)).rejects.toMatchObject({
      code: "UPLOAD_FAILED",
      message: `The upload failed: ${gone} cannot be read`,
      cause: { code: "ENOENT" },
    });
  });

  it("fails the read when the file has gone meanwhile", async () => {
    const short = join(folder, "short");
    await writeFile(short, "abc");
    const source = await fileSource(short);
    await rm(short);
    await expect(read(source.slice(0))).rejects.toMatchObject({ code: "ENOENT" });
    const reader = await source.read?.(0);
    await expect(reader?.read()).rejects.toMatchObject({ code: "ENOENT" });
  });
});
