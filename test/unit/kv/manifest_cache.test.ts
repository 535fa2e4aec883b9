import { describe, expect, it } from "vitest";
import { encodeUtf8 } from "../../../src/core/mod.ts";
import {
  createManifestCache,
  type KvStore,
  type ManifestCache,
  type ManifestCacheOptions,
  memoryKv,
} from "../../../src/kv/mod.ts";

const HUB = { upstream: "hub", repository: "acme/app" };
const ONE = { digest: "sha256:1", mediaType: "a/b", bytes: encodeUtf8("{one}\n\n") };
const TWO = { ...ONE, digest: "sha256:2", bytes: encodeUtf8("{two}") };

function createCache(
  options: ManifestCacheOptions = {},
): { readonly cache: ManifestCache; readonly clock: { time: number }; at: () => number } {
  const clock = {
    time: 1_000_000,
    now: () => clock.time,
    sleep: () => Promise.resolve(),
    after(milliseconds: number, callback: () => void): () => void {
      const timer = setTimeout(callback, milliseconds / 100);
      return () => clearTimeout(timer);
    },
  };
  return { cache: createManifestCache({ clock, ...options }), clock, at: () => clock.time };
}

describe("createManifestCache()", () => {
  it("keeps a manifest 300 seconds for its digest, 60 for its tag", async () => {
    const { cache, clock } = createCache();
    await cache.keep(HUB, "v1", ONE, clock.time);
    clock.time += 59_999;
    expect(await cache.find(HUB, "v1")).toEqual({
      ...ONE,
      ...{ ageMs: 59_999, isFresh: true, mayBeStale: true },
    });
    clock.time += 1;
    expect(await cache.find(HUB, "v1")).toMatchObject({ isFresh: false, mayBeStale: false });
    expect(await cache.find(HUB, ONE.digest)).toMatchObject({ isFresh: true });
    clock.time += 240_000;
    expect(await cache.find(HUB, ONE.digest)).toBeUndefined();
  });

  it("may be used longer while the upstream does not answer", async () => {
    const { cache, clock } = createCache({ staleIfErrorSeconds: 1000 });
    await cache.keep(HUB, "v1", ONE, clock.time);
    clock.time += 1_059_000;
    expect(await cache.find(HUB, "v1")).toMatchObject({ isFresh: false, mayBeStale: true });
    clock.time += 1000;
    expect(await cache.find(HUB, "v1")).toMatchObject({ mayBeStale: false });
  });

  it("knows a digest in its own repository and upstream alone", async () => {
    const { cache, clock } = createCache();
    await cache.keep(HUB, undefined, ONE, clock.time);
    expect(await cache.find({ ...HUB, repository: "acme/other" }, ONE.digest)).toBeUndefined();
    expect(await cache.find({ ...HUB, upstream: "ghcr" }, ONE.digest)).toBeUndefined();
    expect(await cache.find(HUB, ONE.digest)).toBeDefined();
    const odd = { upstream: 'hub","acme', repository: "app" };
    expect(await cache.find(odd, ONE.digest)).toBeUndefined();
  });

  it("follows a tag that moves, and one that is said to stay", async () => {
    const { cache, clock } = createCache();
    await cache.keep(HUB, "v1", ONE, clock.time);
    await cache.keep(HUB, "v1", TWO, clock.time);
    expect(await cache.find(HUB, "v1")).toMatchObject({ digest: TWO.digest, bytes: TWO.bytes });
    clock.time += 100_000;
    await cache.renew(HUB, "v1", TWO.digest, clock.time);
    expect(await cache.find(HUB, "v1")).toMatchObject({ isFresh: true, ageMs: 0 });
  });

  it("forgets what was asked for before a purge, and what comes late", async () => {
    const { cache, clock } = createCache();
    const asked = clock.time;
    await cache.keep(HUB, "v1", ONE, asked);
    clock.time += 10;
    await cache.purger("hub").purge("acme/app", "v1");
    expect(await cache.find(HUB, "v1")).toBeUndefined();
    expect(await cache.find(HUB, ONE.digest)).toBeUndefined();
    await cache.keep(HUB, "v1", ONE, asked); // its answer was on the way
    expect(await cache.find(HUB, "v1")).toBeUndefined();
    clock.time += 10;
    await cache.keep(HUB, "v1", TWO, clock.time);
    expect(await cache.find(HUB, "v1")).toMatchObject({ digest: TWO.digest });
  });

  it("is bounded in bytes, the least recently used going first", async () => {
    const clock = createCache().clock;
    const kv = memoryKv({ maxBytes: 3000 });
    const { cache } = createCache({ kv });
    for (let i = 0; i < 50; i++) {
      const bytes = new Uint8Array(500);
      await cache.keep(HUB, undefined, { ...ONE, digest: `sha256:${i}`, bytes }, clock.time);
    }
    expect(await cache.find(HUB, "sha256:0")).toBeUndefined();
    expect(await cache.find(HUB, "sha256:49")).toBeDefined();
  });

  it.each<[string, Partial<KvStore>]>([
    ["fails", { get: () => Promise.reject(new Error()), put: () => Promise.reject(new Error()) }],
    ["hangs", { get: () => new Promise(() => {}), put: () => new Promise(() => {}) }],
    ["lies", { get: () => Promise.resolve(encodeUtf8("no")), put: () => Promise.resolve() }],
    ["is empty", { get: () => Promise.resolve(undefined), put: () => Promise.resolve() }],
  ])("is empty when its store %s", async (_, kv) => {
    const errors: string[] = [];
    const { cache, clock } = createCache({
      kv: kv as KvStore,
      onError: (operation) => void errors.push(operation),
    });
    await cache.keep(HUB, "v1", ONE, clock.time);
    expect(await cache.find(HUB, "v1")).toBeUndefined();
    expect(errors.length > 0).toBe(/fails|hangs/.test(_));
  });

  it("refuses a time that is none", () => {
    expect(() => createManifestCache({ tagTtlSeconds: -1 })).toThrow(TypeError);
  });

  it("keeps no tags where their time is 0", async () => {
    const { cache, clock } = createCache({ tagTtlSeconds: 0 });
    await cache.keep(HUB, "v1", ONE, clock.time);
    expect(await cache.find(HUB, "v1")).toBeUndefined();
    expect(await cache.find(HUB, ONE.digest)).toBeDefined();
  });
});
