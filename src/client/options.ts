import { createTokenCache, type CredentialProvider, type TokenCache } from "../auth/mod.ts";
import {
  type Clock,
  type Fetch,
  type HasherFactory,
  type Layer,
  MAX_MANIFEST_BYTES,
  MAX_PAGES,
  MAX_TAGS_BODY_BYTES,
  platformFetch,
  type Random,
  type SavableHasherFactory,
  systemClock,
  systemRandom,
  type Upstream,
} from "../core/mod.ts";
import { createHasher } from "../hash/mod.ts";
import { type KvStore, type ManifestCache, memoryKv } from "../kv/mod.ts";
import { DEFAULT_PLATFORM, parsePlatform, type Platform } from "../manifest/mod.ts";
import type { Observer } from "../observability/mod.ts";
import {
  createTransportState,
  type TransportOptions,
  type TransportState,
} from "../transport/mod.ts";
import { RESUME, type ResumeSettings } from "./resume_settings.ts";

/** Caps on what a registry may send. Reaching one is an error, never a short success. */
export interface ClientLimits {
  /** Largest manifest in bytes. Default is 4 MiB. */
  readonly manifestBytes: number;
  /** Largest page of tags or referrers in bytes. Default is 1 MiB; referrers use `manifestBytes`. */
  readonly pageBytes: number;
  /** Most pages of one listing. Default is 1000. */
  readonly pages: number;
}

/** What a registry client is made of. Everything has a default. */
export interface RegistryClientOptions {
  /** Finds credentials, per upstream. Default is none. */
  readonly credentials?: CredentialProvider | undefined;
  /** Keeps tokens, sealed. Default is memory that lives as long as the client. */
  readonly kv?: KvStore | undefined;
  /** Keys that seal tokens in `kv`, the newest first. Needs `kv`. */
  readonly sealingKeys?: Parameters<typeof createTokenCache>[0]["sealingKeys"];
  /**
   * Manifests that need not be asked for again, by `createManifestCache`. Clients that share one have
   * the same credentials, or providers of different ids. Default is none.
   */
  readonly cache?: ManifestCache | undefined;
  /** Default is the runtime's native hash, else WASM. */
  readonly hasher?: HasherFactory | undefined;
  /**
   * Hashes what is pushed with records. Default is WASM, one blob after the other; for many at a time
   * see `createLaneHashers` of `tidegate/hash/lanes`.
   */
  readonly savableHasher?: SavableHasherFactory | undefined;
  readonly observer?: Observer | undefined;
  /** The way out. Default is the runtime's `fetch`. */
  readonly fetch?: Fetch | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  /** Registries that are configured by hand. Any other is found by its host and known profiles. */
  readonly upstreams?: readonly Upstream[] | undefined;
  /** What outlives the client: breaker counts, quiet times. Default is fresh. */
  readonly state?: TransportState | undefined;
  /** What `pullImage` picks from an index. Default is linux/amd64. */
  readonly platform?: Platform | string | undefined;
  readonly limits?: Partial<ClientLimits> | undefined;
  /** How broken transfers are continued. */
  readonly resume?: Partial<ResumeSettings> | undefined;
  /** Put around every transport, the first one outermost: what a vendor's client adds. */
  readonly layers?: readonly Layer[] | undefined;
  /** Passed to every transport. */
  readonly transport?:
    | Pick<
      TransportOptions,
      "retry" | "breaker" | "throttle" | "timeouts" | "userAgent" | "largeFetch"
    >
    | undefined;
}

/** {@linkcode RegistryClientOptions} with every blank filled in. All operations read this. */
export interface ClientSettings {
  readonly credentials?: CredentialProvider | undefined;
  readonly tokens: TokenCache;
  readonly cache?: ManifestCache | undefined;
  readonly hasher: HasherFactory;
  readonly savableHasher?: SavableHasherFactory | undefined;
  readonly observer: Observer | undefined;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly random: Random;
  readonly upstreams: readonly Upstream[];
  readonly state: TransportState;
  readonly platform: Platform;
  readonly limits: ClientLimits;
  readonly resume: ResumeSettings;
  readonly layers: readonly Layer[];
  readonly transport: NonNullable<RegistryClientOptions["transport"]>;
}

const LIMITS: ClientLimits = {
  manifestBytes: MAX_MANIFEST_BYTES,
  pageBytes: MAX_TAGS_BODY_BYTES,
  pages: MAX_PAGES,
};

/**
 * Fill in the blanks, once.
 *
 * @throws {TypeError} For options that contradict each other or are out of range.
 */
export function resolveClientOptions(options: RegistryClientOptions): ClientSettings {
  const { sealingKeys, ...given } = options; // keys are nobody else's
  const { clock = systemClock, random = systemRandom, upstreams = [] } = given;
  if (sealingKeys !== undefined && options.kv === undefined) {
    throw new TypeError("sealingKeys without kv: there is nothing to seal");
  }
  assertUnique(upstreams);
  const kv = options.kv ?? memoryKv({ clock });
  return Object.freeze({
    ...given,
    tokens: createTokenCache({ kv, ...(sealingKeys && { sealingKeys }), clock, random }),
    hasher: options.hasher ?? createHasher,
    observer: options.observer,
    fetch: options.fetch ?? platformFetch,
    clock,
    random,
    upstreams: Object.freeze([...upstreams]),
    state: options.state ?? createTransportState(),
    platform: resolvePlatform(options.platform) ?? DEFAULT_PLATFORM,
    limits: Object.freeze(assertPositive("limits", { ...LIMITS, ...options.limits })),
    resume: Object.freeze(assertPositive("resume", { ...RESUME, ...options.resume })),
    layers: options.layers ?? [],
    transport: Object.freeze({ ...options.transport }),
  });
}

/** A platform as an option gives it. */
export function resolvePlatform(platform: Platform | string | undefined): Platform | undefined {
  return typeof platform === "string" ? parsePlatform(platform) : platform;
}

function assertUnique(upstreams: readonly Upstream[]): void {
  const names = upstreams.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new TypeError(`Two upstreams are named "${twice}"`);
}

function assertPositive<T extends Record<keyof T, number>>(group: string, values: T): T {
  for (const [key, value] of Object.entries<number>(values)) {
    if (!(value >= 0)) throw new TypeError(`${group}.${key} must be 0 or more`);
  }
  return values;
}
