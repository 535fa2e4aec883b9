import {
  type Clock,
  encodeUtf8,
  isJsonObject,
  type JsonObject,
  parseJson,
  type Random,
  Secret,
  systemClock,
  systemRandom,
  type Upstream,
} from "../core/mod.ts";
import { deadlineKv, type KvStore } from "../kv/mod.ts";
import { observe, type Observer } from "../observability/mod.ts";
import type { Credential } from "./credential.ts";
import { credentialParts } from "./credential_parts.ts";
import { createSealer, type Sealer } from "./seal.ts";
import { isUsable, type Token } from "./token.ts";

/** Whose token, from where, for what. */
export interface TokenKey {
  readonly upstream: Pick<Upstream, "name" | "origin">;
  /** {@linkcode CredentialProvider.id}; the credential itself goes into the key too. */
  readonly provider: string;
  /** Undefined for the token of nobody. */
  readonly credential: Credential | undefined;
  /** In any order. */
  readonly scopes: readonly string[];
}

/** How a registry asks to be approached, as it said itself in an earlier challenge. */
export type KnownChallenge =
  | { readonly scheme: "basic" }
  | { readonly scheme: "bearer"; readonly realm: string; readonly service?: string };

/**
 * Tokens and challenges kept over a store, sealed. Nothing here fails: a store that is down, slow or
 * poisoned is a miss, reported to the observer.
 */
export interface TokenCache {
  /** A token that may still be used. */
  get(key: TokenKey): Promise<Token | undefined>;
  put(key: TokenKey, token: Token): Promise<void>;
  delete(key: TokenKey): Promise<void>;
  /** What the upstream last answered to a request without token. */
  getChallenge(upstream: TokenKey["upstream"]): Promise<KnownChallenge | undefined>;
  putChallenge(upstream: TokenKey["upstream"], challenge: KnownChallenge): Promise<void>;
  deleteChallenge(upstream: TokenKey["upstream"]): Promise<void>;
}

/** Options of {@linkcode createTokenCache}. */
export interface TokenCacheOptions {
  readonly kv: KvStore;
  /**
   * At least 32 bytes each; the first seals, all open. Without any, a key is made up: the store's
   * content is then of use to this one cache only.
   */
  readonly sealingKeys?: readonly Secret[];
  readonly clock?: Clock;
  readonly random?: Random;
  readonly observer?: Observer;
}

/** Longest wait for the store. A token endpoint answers sooner than that. */
const STORE_TIMEOUT_MS = 2000;

/** How long a challenge is remembered, in seconds. */
const CHALLENGE_TTL_SECONDS = 3600;

/** Largest sealed value looked at: a token of 64 KiB and its frame. */
const MAX_SEALED_BYTES: number = 80 * 1024;

/**
 * Keep registry tokens in a store, where whoever reads the store learns nothing.
 *
 * A key is the JSON of (upstream name and origin, provider, credential, scopes in order), put through
 * a keyed hash: the same user name with another password never finds the first one's token, and names
 * in the store say nothing. Values are sealed to their name (see {@linkcode createSealer}); the real
 * expiry is inside.
 *
 * May be shared between Worker requests: it holds values, never promises.
 *
 * @throws {TidegateError} CONFIGURATION for a sealing key under 32 bytes.
 */
export function createTokenCache(options: TokenCacheOptions): TokenCache {
  const { clock = systemClock, random = systemRandom, observer } = options;
  const store: SealedStore = {
    kv: deadlineKv(options.kv, clock, STORE_TIMEOUT_MS),
    sealer: createSealer(options.sealingKeys, random),
    observer,
  };
  return {
    async get(key: TokenKey): Promise<Token | undefined> {
      const value = await read(store, tokenKeyBytes(key), key.upstream.name);
      const token = value && asToken(value);
      if (value !== undefined && token === undefined) unreadable(store, key.upstream.name, "shape");
      return token !== undefined && isUsable(token, clock.now()) ? token : undefined;
    },
    async put(key: TokenKey, { value, expiresAt, marginMs }: Token): Promise<void> {
      const ttlSeconds = (expiresAt - clock.now()) / 1000;
      if (!(ttlSeconds > 0)) return;
      const stored = { token: value.reveal(), expiresAt, marginMs: marginMs ?? null };
      await write(store, tokenKeyBytes(key), stored, ttlSeconds);
    },
    delete: (key: TokenKey) => remove(store, tokenKeyBytes(key)),
    async getChallenge(upstream): Promise<KnownChallenge | undefined> {
      const value = await read(store, challengeKeyBytes(upstream), upstream.name);
      const isFresh = value !== undefined && typeof value.expiresAt === "number" &&
        value.expiresAt > clock.now() &&
        value.expiresAt <= clock.now() + 1000 * CHALLENGE_TTL_SECONDS;
      return isFresh ? asChallenge(value) : undefined;
    },
    async putChallenge(upstream, challenge): Promise<void> {
      const expiresAt = clock.now() + 1000 * CHALLENGE_TTL_SECONDS;
      const value = { ...challenge, expiresAt };
      await write(store, challengeKeyBytes(upstream), value, CHALLENGE_TTL_SECONDS);
    },
    deleteChallenge: (upstream) => remove(store, challengeKeyBytes(upstream)),
  };
}

interface SealedStore {
  readonly kv: KvStore;
  readonly sealer: Sealer;
  readonly observer: Observer | undefined;
}

function tokenKeyBytes(
  { upstream, provider, credential, scopes }: TokenKey,
): Uint8Array<ArrayBuffer> {
  const sorted = [...scopes].sort();
  const parts = [
    "token",
    upstream.name,
    upstream.origin,
    provider,
    credential === undefined ? [] : credentialParts(credential),
    sorted,
  ];
  return encodeUtf8(JSON.stringify(parts));
}

function challengeKeyBytes({ name, origin }: TokenKey["upstream"]): Uint8Array<ArrayBuffer> {
  return encodeUtf8(JSON.stringify(["challenge", name, origin]));
}

async function read(
  store: SealedStore,
  key: Uint8Array<ArrayBuffer>,
  upstream: string,
): Promise<JsonObject | undefined> {
  for (const name of await store.sealer.names(key)) {
    const sealed = await attempt(store, "get", () => store.kv.get(name));
    if (sealed === undefined) continue;
    const value = sealed.length > MAX_SEALED_BYTES
      ? undefined
      : await open(store.sealer, name, Uint8Array.from(sealed));
    if (value !== undefined) return value;
    unreadable(store, upstream, "seal");
    await attempt(store, "delete", () => store.kv.delete(name));
  }
  return undefined;
}

async function open(
  sealer: Sealer,
  name: string,
  sealed: Uint8Array<ArrayBuffer>,
): Promise<JsonObject | undefined> {
  const plain = await sealer.open(name, sealed);
  if (plain === undefined) return undefined;
  try {
    const value = parseJson(plain);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

async function write(
  store: SealedStore,
  key: Uint8Array<ArrayBuffer>,
  value: JsonObject,
  ttlSeconds: number,
): Promise<void> {
  const [name = ""] = await store.sealer.names(key);
  const sealed = await store.sealer.seal(name, encodeUtf8(JSON.stringify(value)));
  if (sealed.length > MAX_SEALED_BYTES) return;
  await attempt(store, "put", () => store.kv.put(name, sealed, { ttlSeconds }));
}

async function remove(store: SealedStore, key: Uint8Array<ArrayBuffer>): Promise<void> {
  for (const name of await store.sealer.names(key)) {
    await attempt(store, "delete", () => store.kv.delete(name));
  }
}

async function attempt<T>(
  { observer }: SealedStore,
  operation: "get" | "put" | "delete",
  call: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    const reason = error instanceof Error ? error.name : "unknown"; // a message may hold anything
    observe(observer, { type: "kv.failed", operation, reason });
    return undefined;
  }
}

function unreadable({ observer }: SealedStore, upstream: string, reason: string): void {
  observe(observer, { type: "token.unreadable", upstream, reason });
}

function asToken({ token, expiresAt, marginMs }: JsonObject): Token | undefined {
  const isToken = typeof token === "string" && /^[\u0021-\u007e]+$/.test(token) &&
    typeof expiresAt === "number";
  if (!isToken) return undefined;
  const hasMargin = typeof marginMs === "number" && marginMs >= 0;
  return { value: new Secret(token), expiresAt, marginMs: hasMargin ? marginMs : undefined };
}

function asChallenge({ scheme, realm, service }: JsonObject): KnownChallenge | undefined {
  if (scheme === "basic") return { scheme };
  if (scheme !== "bearer" || typeof realm !== "string") return undefined;
  return { scheme, realm, ...(typeof service === "string" ? { service } : {}) };
}
