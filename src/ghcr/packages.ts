import { assertPageSize } from "../rest/mod.ts";
import type { ApiCallOptions, GithubApi } from "./api.ts";
import { type PackageOwner, packagePath, packagesPath, versionPath } from "./owner.ts";
import {
  type GhcrPackage,
  type PackageVersion,
  readPackage,
  readPackageVersion,
} from "./package.ts";

/** How packages are listed. */
export interface ListPackagesOptions extends ApiCallOptions {
  /** Only those. Default is all that the token may see. */
  readonly visibility?: "public" | "private" | "internal" | undefined;
  /** Entries of a page, at most 100. Default is 50: an entry is about 8 KiB. */
  readonly pageSize?: number | undefined;
}

/** How versions are listed. */
export interface ListVersionsOptions extends ApiCallOptions {
  /** Those that are there, or those that can be restored. Default is `active`. */
  readonly state?: "active" | "deleted" | undefined;
  /** Entries of a page, at most 100, which is the default. */
  readonly pageSize?: number | undefined;
}

/** How a package is restored. */
export interface RestorePackageOptions extends ApiCallOptions {
  /** The package's restore token, where GitHub gave one. */
  readonly token?: string | undefined;
}

/** The calls of GitHub's Packages API, for packages of the type `container`. */
export interface PackageCalls {
  /** All packages of an owner, page by page as they are consumed. */
  list(owner: PackageOwner, options?: ListPackagesOptions): AsyncIterable<GhcrPackage>;
  /** One package. */
  get(owner: PackageOwner, name: string, options?: ApiCallOptions): Promise<GhcrPackage>;
  /** Delete a package with all its versions. It can be restored for 30 days. */
  delete(owner: PackageOwner, name: string, options?: ApiCallOptions): Promise<void>;
  /** Restore a package that was deleted in the last 30 days, if its name is free. */
  restore(owner: PackageOwner, name: string, options?: RestorePackageOptions): Promise<void>;
  /** All versions of a package, the newest first, page by page as they are consumed. */
  versions(
    owner: PackageOwner,
    name: string,
    options?: ListVersionsOptions,
  ): AsyncIterable<PackageVersion>;
  /** One version. */
  getVersion(
    owner: PackageOwner,
    name: string,
    id: number,
    options?: ApiCallOptions,
  ): Promise<PackageVersion>;
  /** The tags of a version. */
  tags(
    owner: PackageOwner,
    name: string,
    id: number,
    options?: ApiCallOptions,
  ): Promise<readonly string[]>;
  /** Delete a version with all its tags. It can be restored for 30 days. */
  deleteVersion(
    owner: PackageOwner,
    name: string,
    id: number,
    options?: ApiCallOptions,
  ): Promise<void>;
  /** Restore a version that was deleted in the last 30 days. */
  restoreVersion(
    owner: PackageOwner,
    name: string,
    id: number,
    options?: ApiCallOptions,
  ): Promise<void>;
}

const PACKAGES_PER_PAGE = 50;
const VERSIONS_PER_PAGE = 100;
const LARGEST_PAGE = 100;

/**
 * Make the calls of the Packages API.
 *
 * All reject with INVALID_NAMESPACE or INVALID_NAME before any request, and with what
 * {@linkcode GithubApi} says.
 */
export function createPackageCalls(api: GithubApi): PackageCalls {
  const call = (name: string, { signal }: ApiCallOptions = {}) => ({ what: name, signal });
  const calls: PackageCalls = {
    async *list(owner, options = {}): AsyncGenerator<GhcrPackage, void> {
      const { pageSize = PACKAGES_PER_PAGE, visibility } = options;
      const query = {
        package_type: "container",
        visibility,
        per_page: assertPageSize(pageSize, LARGEST_PAGE),
      };
      const entries = api.list(packagesPath(owner), { ...call("packages", options), query });
      for await (const entry of entries) yield readPackage(entry, "package");
    },
    get: async (owner, name, options) =>
      readPackage(await api.get(packagePath(owner, name), call(name, options)), "package"),
    delete: async (owner, name, options) =>
      await api.act("DELETE", packagePath(owner, name), call(name, options)),
    async restore(owner, name, options = {}): Promise<void> {
      const query = { token: options.token };
      await api.act("POST", `${packagePath(owner, name)}/restore`, {
        ...call(name, options),
        query,
      });
    },
    async *versions(owner, name, options = {}): AsyncGenerator<PackageVersion, void> {
      const { pageSize = VERSIONS_PER_PAGE, state } = options;
      const query = { state, per_page: assertPageSize(pageSize, LARGEST_PAGE) };
      const path = `${packagePath(owner, name)}/versions`;
      for await (const entry of api.list(path, { ...call(name, options), query })) {
        yield readPackageVersion(entry, "version");
      }
    },
    async getVersion(owner, name, id, options): Promise<PackageVersion> {
      const entry = await api.get(versionPath(owner, name, id), call(`${name} #${id}`, options));
      return readPackageVersion(entry, "version");
    },
    tags: async (...version) => (await calls.getVersion(...version)).tags,
    deleteVersion: async (owner, name, id, options) =>
      await api.act("DELETE", versionPath(owner, name, id), call(`${name} #${id}`, options)),
    async restoreVersion(owner, name, id, options): Promise<void> {
      const path = `${versionPath(owner, name, id)}/restore`;
      await api.act("POST", path, call(`${name} #${id}`, options));
    },
  };
  return calls;
}
