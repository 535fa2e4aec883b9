import type { PulledImage, PulledManifest, RegistryClient } from "../client/mod.ts";
import { assertHub } from "./hub_name.ts";
import type { PullLimits } from "./pull_limits.ts";

/** Operations of a registry, with the references that they get. */
type Operations<T> = { readonly [Name in keyof T]: T[Name] };

/**
 * The registry client, for Docker Hub alone, with the pull limit asked before what counts as a pull.
 *
 * @param waitMs Longest wait for the end of a window before a pull, in milliseconds.
 */
export function bindRegistry(
  registry: RegistryClient,
  limits: PullLimits,
  waitMs: number,
): RegistryClient {
  const { manifests, blobs, tags, referrers } = registry;
  const boundManifests: Operations<RegistryClient["manifests"]> = {
    async get(ref, options): Promise<PulledManifest> {
      assertHub(ref);
      await limits.ready(waitMs, options?.signal);
      return await manifests.get(ref, options);
    },
    head: async (ref, options) => await manifests.head(assertHub(ref), options),
    exists: async (ref, options) => await manifests.exists(assertHub(ref), options),
    put: async (ref, ...rest) => await manifests.put(assertHub(ref), ...rest),
    delete: async (ref, options) => await manifests.delete(assertHub(ref), options),
  };
  const boundBlobs: Operations<RegistryClient["blobs"]> = {
    get: async (ref, ...rest) => await blobs.get(assertHub(ref), ...rest),
    head: async (ref, ...rest) => await blobs.head(assertHub(ref), ...rest),
    exists: async (ref, ...rest) => await blobs.exists(assertHub(ref), ...rest),
    put: async (ref, ...rest) => await blobs.put(assertHub(ref), ...rest),
    mount: async (ref, ...rest) => await blobs.mount(assertHub(ref), ...rest),
    resumeUpload: async (record, ...rest) => {
      assertHub(record);
      return await blobs.resumeUpload(record, ...rest);
    },
    cancelUpload: async (record, ...rest) => {
      assertHub(record);
      return await blobs.cancelUpload(record, ...rest);
    },
    delete: async (ref, ...rest) => await blobs.delete(assertHub(ref), ...rest),
  };
  return {
    ping: async (ref, options) => await registry.ping(assertHub(ref), options),
    rateLimit: async (ref, options) => await registry.rateLimit(assertHub(ref), options),
    manifests: boundManifests,
    blobs: boundBlobs,
    tags: {
      list: (ref, options) => tags.list(assertHub(ref), options),
      put: async (ref, ...rest) => await tags.put(assertHub(ref), ...rest),
      delete: async (ref, options) => await tags.delete(assertHub(ref), options),
    },
    referrers: {
      list: (ref, options) => referrers.list(assertHub(ref), options),
      attach: async (ref, ...rest) => await referrers.attach(assertHub(ref), ...rest),
    },
    async pullImage(ref, ...rest): Promise<PulledImage> {
      assertHub(ref);
      await limits.ready(waitMs, rest[1]?.signal);
      return await registry.pullImage(ref, ...rest);
    },
    pushImage: async (ref, ...rest) => await registry.pushImage(assertHub(ref), ...rest),
  };
}
