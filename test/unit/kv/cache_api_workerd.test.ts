import { describe, expect, it } from "vitest";
import { cacheApiKv, type CacheLike, workersCache } from "../../../src/kv/cache_api_workerd.ts";
import { kvStoreContract } from "../../contract/kv_store.ts";

/** As the real one: refuses what it cannot keep, and forgets after `max-age`. */
function fakeCache(): CacheLike & { now: number; readonly urls: string[] } {
  const kept = new Map<string, { readonly response: Response; readonly until: number }>();
  const cache = {
    now: 0,
    urls: [] as string[],
    match(url: string): Promise<Response | undefined> {
      const found = kept.get(url);
      return Promise.resolve(found && cache.now < found.until ? found.response.clone() : undefined);
    },
    put(url: string, response: Response): Promise<void> {
      const [, age] = /max-age=(\d+)/.exec(response.headers.get("cache-control") ?? "") ?? [];
      if (age === undefined || new URL(url).href !== url) return Promise.reject(new TypeError());
      cache.urls.push(url);
      kept.set(url, { response, until: cache.now + Number(age) });
      return Promise.resolve();
    },
    delete: (url: string): Promise<boolean> => Promise.resolve(kept.delete(url)),
  };
  return cache;
}

let cache = fakeCache();
kvStoreContract("cacheApiKv", () => cacheApiKv(cache = fakeCache()), {
  advance: (seconds) => void (cache.now += seconds),
});

describe("cacheApiKv()", () => {
  it("shows nothing of its keys, and lets no two of them meet", async () => {
    const cache = fakeCache();
    const store = cacheApiKv(cache);
    const keys = ["a", "b", "\ud800", "\udfff", "11", "1.1"];
    for (const key of keys) await store.put(key, new TextEncoder().encode(key));
    expect(new Set(cache.urls).size).toBe(keys.length);
    for (const url of cache.urls) {
      expect(url).toMatch(/^https:\/\/tidegate\.invalid\/[0-9a-f]{64}$/);
    }
  });
});

describe("workersCache()", () => {
  it("is nothing where there is no default cache", () => {
    expect(workersCache()).toBeUndefined();
  });
});
