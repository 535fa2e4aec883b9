import { describe, expect, inject, it } from "vitest";
import { createRegistryClient } from "../../src/client/mod.ts";
import { isTidegateError } from "../../src/core/mod.ts";
import { parseReference } from "../../src/reference/mod.ts";

const registry = createRegistryClient();
const ref = parseReference(`${inject("openDoor")}/library/hello:latest`);

async function sha256(body: ReadableStream<Uint8Array>): Promise<string> {
  const bytes = await new Response(body as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer();
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return `sha256:${Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

describe("the library in a page, through a front door on another origin", () => {
  it("gets an index and the manifest of a platform", async () => {
    const index = await registry.manifests.get(ref);
    expect(index.manifest.kind).toBe("index");
    const image = await registry.manifests.get(ref, { platform: "linux/arm64" });
    expect(image.manifest.kind).toBe("image");
    expect(image.digest).not.toBe(index.digest);
  });

  it("streams blobs, verified", async () => {
    const { manifest } = await registry.manifests.get(ref, { platform: "linux/amd64" });
    if (manifest.kind !== "image") throw new TypeError("an image was asked for");
    for (const { digest } of [manifest.config, ...manifest.layers]) {
      const { stream } = await registry.blobs.get(ref, digest);
      expect(await sha256(stream)).toBe(digest);
    }
  });

  it("reads a range, which needs a preflight", async () => {
    const { manifest } = await registry.manifests.get(ref, { platform: "linux/amd64" });
    if (manifest.kind !== "image") throw new TypeError("an image was asked for");
    const { digest } = manifest.config;
    const whole = await (new Response((await registry.blobs.get(ref, digest)).stream)).bytes();
    const range = { start: 3, end: 9 };
    const part = await (new Response((await registry.blobs.get(ref, digest, { range })).stream))
      .bytes();
    expect([...part]).toEqual([...whole.slice(3, 10)]);
  });

  it("lists tags and referrers", async () => {
    const tags: string[] = [];
    for await (const tag of registry.tags.list(ref)) tags.push(tag);
    expect(tags).toContain("latest");
    const { digest } = await registry.manifests.get(ref);
    const found: string[] = [];
    for await (const one of registry.referrers.list({ ...ref, digest })) found.push(one.digest);
    expect(found).toHaveLength(1);
  });

  it("a repository without a right is a typed error", async () => {
    const secret = parseReference(`${inject("openDoor")}/private/app:latest`);
    const error = await registry.manifests.get(secret).catch((error: unknown) => error);
    expect(isTidegateError(error, "FORBIDDEN") || isTidegateError(error, "UNAUTHORIZED")).toBe(
      true,
    );
  });

  it("a door that does not list the page's origin cannot be read", async () => {
    const closed = parseReference(`${inject("closedDoor")}/library/hello:latest`);
    const once = createRegistryClient({ transport: { retry: { attempts: 1 } } });
    const error = await once.manifests.get(closed).catch((error: unknown) => error);
    expect(isTidegateError(error, "NETWORK_ERROR")).toBe(true);
  });
});
