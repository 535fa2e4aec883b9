import type { Clock } from "../core/mod.ts";
import type { SimulatedRegistry } from "./registry.ts";
import type { StoredManifest } from "./store.ts";

/** An account at GitHub. */
export interface GithubAccount {
  readonly type: "User" | "Organization";
}

/** A token and what it may do. */
export interface GithubCaller {
  readonly login: string;
  /** `read:packages`, `write:packages`, `delete:packages`. */
  readonly scopes: readonly string[];
}

/** How a simulated GitHub API behaves. Everything may be changed between requests. */
export interface GithubSettings {
  /** The registry whose repositories `owner/name` are the packages. */
  readonly registry: SimulatedRegistry;
  /** By login. Default is none. */
  readonly accounts: Readonly<Record<string, GithubAccount>>;
  /** By token. Default is none. */
  readonly tokens: Readonly<Record<string, GithubCaller>>;
  /** Sigstore bundles by the digest that they are about. */
  readonly attestations: Readonly<Record<string, readonly unknown[]>>;
  /** By repository. Default of each is `private`. */
  readonly visibility: Readonly<Record<string, string>>;
  /** The budget of every caller together. Absent: 5000 an hour, and never less. */
  readonly rateLimit?: { readonly limit: number; readonly windowSeconds: number };
  /** Largest `per_page`. Default is 100. */
  readonly pageSize?: number;
}

/** One version of a package. What can be set may be set. */
export interface SimulatedVersion {
  readonly id: number;
  readonly digest: string;
  /** Milliseconds since the epoch. */
  createdAt: number;
  /** Milliseconds since the epoch. */
  updatedAt: number;
  /** Above 5000 a public one cannot be deleted. */
  downloads: number;
  /** The tags as they were last seen. */
  tags: readonly string[];
  /** While it is deleted: what comes back. */
  deleted?: { readonly at: number; readonly manifest: StoredManifest };
}

/** One package. */
export interface SimulatedPackage {
  readonly id: number;
  /** `owner/name`. */
  readonly repository: string;
  readonly createdAt: number;
  readonly versions: SimulatedVersion[];
}

/** What every endpoint works on. */
export interface GithubState {
  address: string;
  settings: GithubSettings;
  readonly clock: Clock;
  /** By repository. */
  readonly packages: Map<string, SimulatedPackage>;
  /** Packages that can be restored, by repository. */
  readonly deleted: Map<string, SimulatedPackage>;
  used: number;
  startedAt: number;
  lastId: number;
}
