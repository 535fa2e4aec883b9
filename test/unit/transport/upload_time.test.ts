import { describe, expect, it } from "vitest";
import type { RegistryRequest } from "../../../src/core/mod.ts";
import { uploadMs } from "../../../src/transport/upload_time.ts";

const request = (
  body: RegistryRequest["body"],
  headers: Record<string, string> = {},
): RegistryRequest => ({
  ...{ method: "PATCH", url: "https://registry.test/v2/a/blobs/uploads/1", headers },
  ...{ kind: "upload", scopes: [] },
  ...(body === undefined ? {} : { body }),
});

describe("uploadMs()", () => {
  it("gives no time to no body, and 32 KB/s to a length", () => {
    expect(uploadMs(request(undefined))).toBe(0);
    expect(uploadMs(request(new Uint8Array(64_000)))).toBe(2000);
    expect(uploadMs(request(new Blob([new Uint8Array(64_000)])))).toBe(2000);
    expect(uploadMs(request(new ReadableStream(), { "content-length": "64000" }))).toBe(2000);
  });

  it("gives a day to a stream of unknown length: a large layer on a slow line takes hours", () => {
    expect(uploadMs(request(new ReadableStream()))).toBe(24 * 60 * 60_000);
  });
});
