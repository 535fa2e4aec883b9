import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  basicCredential,
  createTokenCache,
  type Token,
  type TokenCache,
  type TokenKey,
} from "../../../src/auth/mod.ts";
import { encodeHex, isTidegateError, Secret, systemRandom } from "../../../src/core/mod.ts";
import type { TidegateEvent } from "../../../src/observability/mod.ts";
import type { KvStore } from "../../../src/kv/mod.ts";
import { createTestClock } from "../../support/test_clock.ts";
import { openKv, spellings } from "../../support/token_world.ts";

const clock = createTestClock();
const upstream = { name: "hub", origin: "https://registry-1.docker.io" };
const key: TokenKey = {
  upstream,
  provider: "static",
  credential: basicCredential("me", "password-canary-0123456789"),
  scopes: ["repository:secret-project/app:pull"],
};
const K1 = new Secret("1".repeat(32));
const K2 = new Secret("2".repeat(32));
const K3 = new Secret("3".repeat(32));
const token = (value: string, seconds = 300): Token => ({
  value: new Secret(value),
  expiresAt: clock.now() + 1000 * seconds,
});

interface Setup {
  readonly cache: TokenCache;
  readonly events: TidegateEvent[];
}

function setup(kv: KvStore, sealingKeys: readonly Secret[] = [K1]): Setup {
  const events: TidegateEvent[] = [];
  const observer = (event: TidegateEvent): void => void events.push(event);
  return { cache: createTokenCache({ kv, sealingKeys, clock, observer }), events };
}

const reveal = async (cache: TokenCache, of: TokenKey = key): Promise<string | undefined> =>
  (await cache.get(of))?.value.reveal();

describe("createTokenCache()", () => {
  it("keeps a token for another process with the same key, until 30 s before its end", async () => {
    const kv = openKv();
    await setup(kv).cache.put(key, token("t", 300));
    expect(await reveal(setup(kv).cache)).toBe("t");
    clock.advance(269_999);
    expect(await reveal(setup(kv).cache)).toBe("t");
    clock.advance(1);
    expect(await reveal(setup(kv).cache)).toBeUndefined();
  });

  it("gives the store the time to live that is left", async () => {
    const ttls: unknown[] = [];
    const kv: KvStore = {
      ...openKv(),
      put: (_key, _value, options) => Promise.resolve(void ttls.push(options?.ttlSeconds)),
    };
    const { cache } = setup(kv);
    await cache.put(key, token("t", 300));
    await cache.put(key, token("t", -1));
    await cache.put(key, token("t", 0));
    expect(ttls).toEqual([300]);
  });

  it("tells apart every part of the key", async () => {
    const kv = openKv();
    const { cache } = setup(kv);
    await cache.put(key, token("t"));
    const others: TokenKey[] = [
      { ...key, upstream: { ...upstream, name: "other" } },
      { ...key, upstream: { ...upstream, origin: "https://other.example" } },
      { ...key, provider: "other" },
      { ...key, credential: undefined },
      { ...key, credential: basicCredential("me", "other") },
      { ...key, credential: basicCredential("you", "password-canary-0123456789") },
      { ...key, credential: { kind: "identity", token: new Secret("password-canary-0123456789") } },
      { ...key, credential: { kind: "bearer", token: new Secret("password-canary-0123456789") } },
      { ...key, scopes: [] },
      { ...key, scopes: ["repository:secret-project/app:pull,push"] },
      { ...key, scopes: [...key.scopes, "repository:b:pull"] },
    ];
    for (const other of others) expect(await reveal(cache, other)).toBeUndefined();
    const two = { ...key, scopes: ["repository:b:pull", "repository:a:pull"] };
    await cache.put(two, token("t2"));
    expect(await reveal(cache, { ...two, scopes: [...two.scopes].reverse() })).toBe("t2");
  });

  it("names in the store are injective, short and say nothing", async () => {
    const part = fc.string({ unit: "binary", maxLength: 8 }).filter((text) => text.isWellFormed());
    const anyKey = fc.record({
      upstream: fc.record({ name: part, origin: part }),
      provider: part,
      credential: fc.constant(undefined),
      scopes: fc.array(part, { maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(anyKey, anyKey, async (a, b) => {
        const normal = (k: TokenKey): string =>
          JSON.stringify([k.upstream.name, k.upstream.origin, k.provider, [...k.scopes].sort()]);
        fc.pre(normal(a) !== normal(b));
        const kv = openKv();
        const { cache } = setup(kv);
        await cache.put(a, token("a"));
        await cache.put(b, token("b"));
        expect(kv.content.size).toBe(2);
        for (const name of kv.content.keys()) expect(name).toMatch(/^[A-Za-z0-9_-]{43}$/);
      }),
      { numRuns: 500 },
    );
  });

  it("nobody who reads the store learns token, password, user, repository or registry", async () => {
    const kv = openKv();
    const { cache } = setup(kv);
    const canary = encodeHex(systemRandom.bytes(24));
    await cache.put(key, token(canary));
    await cache.putChallenge(upstream, { scheme: "bearer", realm: "https://realm-canary.test/" });
    const dump = [...kv.content].map(([name, value]) =>
      `${name} ${new TextDecoder("latin1").decode(value)} ${Buffer.from(value).toString("hex")}`
    ).join("\n");
    const secrets = [
      canary,
      "password-canary-0123456789",
      "secret-project",
      "docker.io",
      "realm-can",
    ];
    for (const spelling of secrets.flatMap(spellings)) expect(dump).not.toContain(spelling);
    expect(kv.content.size).toBe(2);
  });

  it("rotates: the first key seals, all open, a dropped one no more", async () => {
    const kv = openKv();
    await setup(kv, [K1]).cache.put(key, token("old"));
    const rotated = setup(kv, [K2, K1]);
    expect(await reveal(rotated.cache)).toBe("old");
    await rotated.cache.put(key, token("new"));
    expect(await reveal(rotated.cache)).toBe("new");
    expect(await reveal(setup(kv, [K2]).cache)).toBe("new");
    expect(await reveal(setup(kv, [K1]).cache)).toBe("old");
    expect(await reveal(setup(kv, [K3]).cache)).toBeUndefined();
    await rotated.cache.delete(key);
    expect(kv.content.size).toBe(0);
  });

  it("without keys nothing opens in another cache", async () => {
    const kv = openKv();
    const { cache } = setup(kv, []);
    await cache.put(key, token("t"));
    expect(await reveal(cache)).toBe("t");
    expect(await reveal(setup(kv, []).cache)).toBeUndefined();
    expect(await reveal(setup(kv, [new Secret("\0".repeat(32))]).cache)).toBeUndefined();
  });

  it("refuses a short sealing key, naming the key of the configuration", () => {
    for (const length of [0, 1, 31]) {
      try {
        setup(openKv(), [K1, new Secret("x".repeat(length))]);
        expect.unreachable();
      } catch (error) {
        expect(isTidegateError(error, "CONFIGURATION") && error.details.key).toBe("sealingKeys");
      }
    }
  });

  it("never repeats a nonce and never seals alike", async () => {
    const kv = openKv();
    const { cache } = setup(kv);
    const seen = new Set<string>();
    for (let i = 0; i < 2000; i++) {
      await cache.put(key, token("t"));
      seen.add(Buffer.from([...kv.content.values()][0]?.slice(1, 13) ?? []).toString("hex"));
    }
    expect(seen.size).toBe(2000);
  });

  it("remembers a challenge for an hour", async () => {
    const kv = openKv();
    const challenge = { scheme: "bearer", realm: "https://auth.test/", service: "s" } as const;
    await setup(kv).cache.putChallenge(upstream, challenge);
    expect(await setup(kv).cache.getChallenge(upstream)).toEqual({ ...challenge });
    expect(await setup(kv).cache.getChallenge({ ...upstream, name: "x" })).toBeUndefined();
    clock.advance(3_600_000);
    expect(await setup(kv).cache.getChallenge(upstream)).toBeUndefined();
    await setup(kv).cache.deleteChallenge(upstream);
    expect(kv.content.size).toBe(0);
  });
});

describe("createTokenCache() over a poisoned store", () => {
  /** What the cache makes of a store after `spoil`. */
  async function after(
    spoil: (content: Map<string, Uint8Array>) => void | Promise<void>,
  ): Promise<{ value: string | undefined; events: string[]; left: number }> {
    const kv = openKv();
    await setup(kv).cache.put(key, token("t"));
    await spoil(kv.content);
    const { cache, events } = setup(kv);
    const value = await reveal(cache);
    return { value, events: events.map(({ type }) => type), left: kv.content.size };
  }

  const spoilt =
    (change: (bytes: Uint8Array) => Uint8Array) => (content: Map<string, Uint8Array>) => {
      for (const [name, value] of content) content.set(name, change(value));
    };

  it("any changed byte, any cut and any growth is a miss, counted and removed", async () => {
    const kv = openKv();
    await setup(kv).cache.put(key, token("t"));
    const { length } = [...kv.content.values()][0] ?? [];
    for (let i = 0; i < (length ?? 0); i++) {
      const flipped = await after(spoilt((b) => b.with(i, (b[i] ?? 0) ^ 1)));
      const cut = await after(spoilt((b) => b.slice(0, i)));
      for (const { value, events, left } of [flipped, cut]) {
        expect([value, events, left]).toEqual([undefined, ["token.unreadable"], 0]);
      }
    }
    const grown = await after(spoilt((b) => Uint8Array.of(...b, 0)));
    expect(grown.value).toBeUndefined();
  });

  it("junk of any kind is a miss", async () => {
    const junk = [
      new Uint8Array(0),
      new Uint8Array(29),
      new TextEncoder().encode('{"token":"x","expiresAt":99999999999999}'),
      new TextEncoder().encode("<html>"),
      new Uint8Array(25 * 1024 * 1024),
    ];
    for (const value of junk) {
      const { value: found, events } = await after(spoilt(() => value));
      expect([found, events]).toEqual([undefined, ["token.unreadable"]]);
    }
  });

  it("a value moved to another name does not open", async () => {
    const kv = openKv();
    const other = { ...key, scopes: ["repository:b:pull"] };
    const { cache, events } = setup(kv);
    await cache.put(key, token("mine"));
    await cache.put(other, token("theirs"));
    const [[a, first], [b, second]] = [...kv.content] as [
      [string, Uint8Array],
      [string, Uint8Array],
    ];
    kv.content.set(a, second);
    kv.content.set(b, first);
    expect(await reveal(cache)).toBeUndefined();
    expect(await reveal(cache, other)).toBeUndefined();
    expect(events).toHaveLength(2);
  });

  it("what a holder of the key sealed wrongly is a miss too", async () => {
    const bad: Token[] = [
      { value: new Secret("t"), expiresAt: clock.now() + 1e15 },
      { value: new Secret("t"), expiresAt: Infinity },
      { value: new Secret("t t"), expiresAt: clock.now() + 300_000 },
      { value: new Secret(""), expiresAt: clock.now() + 300_000 },
      { value: new Secret("t\r\nx: y"), expiresAt: clock.now() + 300_000 },
    ];
    for (const entry of bad) {
      const kv = openKv();
      const { cache } = setup(kv);
      await cache.put(key, entry);
      expect(await reveal(cache)).toBeUndefined();
    }
  });

  it("a store that fails or hangs is a miss; the event repeats nothing it said", async () => {
    const failing: KvStore = {
      get: () => Promise.reject(new Error("canary")),
      put: () => Promise.reject(new Error("canary")),
      delete: () => Promise.reject(new Error("canary")),
    };
    const { cache, events } = setup(failing);
    await cache.put(key, token("t"));
    await cache.delete(key);
    expect(await reveal(cache)).toBeUndefined();
    expect(events.map(({ type }) => type)).toEqual(["kv.failed", "kv.failed", "kv.failed"]);
    expect(JSON.stringify(events)).not.toContain("canary");

    const asked = Promise.withResolvers<void>();
    const never = (): Promise<never> => {
      asked.resolve();
      return new Promise(() => {});
    };
    const hanging = setup({ get: never, put: never, delete: never });
    const waiting = reveal(hanging.cache);
    await asked.promise;
    await new Promise((resolve) => setTimeout(resolve)); // its deadline is set by then
    clock.advance(2000);
    expect(await waiting).toBeUndefined();
    expect(hanging.events).toEqual([
      { type: "kv.failed", operation: "get", reason: "TidegateError" },
    ]);
  });

  it("over a stale, losing, reordering store no token ever serves another's request", async () => {
    const step = fc.record({
      who: fc.integer({ min: 0, max: 3 }),
      what: fc.integer({ min: 0, max: 2 }),
      put: fc.boolean(),
      fault: fc.constantFrom("none", "lose", "stale", "late"),
      seconds: fc.integer({ min: 0, max: 200 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const kv = openKv();
        const history: Map<string, Uint8Array>[] = [];
        let fault = "none";
        const late: (() => void)[] = [];
        const faulty: KvStore = {
          get: (name) => {
            const source = fault === "stale" ? history[0] ?? kv.content : kv.content;
            return Promise.resolve(
              source.get(name)?.slice() as Uint8Array<ArrayBuffer> | undefined,
            );
          },
          put: (name, value) => {
            if (fault === "late") late.push(() => kv.content.set(name, value));
            else if (fault !== "lose") kv.content.set(name, value);
            return Promise.resolve();
          },
          delete: (name) => Promise.resolve(void kv.content.delete(name)),
        };
        for (const { who, what, put, fault: next, seconds } of steps) {
          fault = next;
          history.push(new Map(kv.content));
          clock.advance(1000 * seconds);
          const credential = who === 0 ? undefined : basicCredential("me", `p${who}`);
          const of = { ...key, credential, scopes: [`repository:r${what}:pull`] };
          const { cache } = setup(faulty);
          if (put) await cache.put(of, token(`${who}.${what}.${clock.now() + 300_000}`));
          const found = await reveal(cache, of);
          if (found !== undefined) {
            const [owner, repository, end] = found.split(".").map(Number);
            expect([owner, repository]).toEqual([who, what]);
            expect(end).toBeGreaterThan(clock.now() + 30_000);
          }
          if (late.length > 2) { for (const write of late.splice(0).reverse()) write(); }
        }
      }),
      { numRuns: 300 },
    );
  });
});
