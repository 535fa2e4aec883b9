import type { Clock } from "../core/mod.ts";
import type { BuiltImage } from "./image.ts";
import { isRepositoryName, isTag } from "./names.ts";
import { withHeaders } from "./reply.ts";
import type { Reply, SimulatedRequest } from "./reply.ts";
import { routeRegistry } from "./registry_routes.ts";
import type { RegistrySettings, RegistryState } from "./registry_state.ts";
import { repositoryOf, storeImage } from "./store.ts";
import type { Repository } from "./store.ts";
import type { SeededRandom } from "./seeded_random.ts";
import type { Upload } from "./upload.ts";

/** One simulated registry: strict until told otherwise. */
export interface SimulatedRegistry {
  readonly kind: "registry";
  /** Scheme, host and port by which it was created. */
  readonly origin: string;
  /** Where it is reached: the origin, or a loopback address while it is served over HTTP. */
  address: string;
  /** How it behaves now. */
  readonly settings: RegistrySettings;
  /**
   * Change how it behaves, from the next request on. Quirks and push settings are replaced as a
   * whole.
   *
   * @throws {TypeError} If uploads are to be kept as digests and there is no hasher.
   */
  configure(changes: Partial<RegistrySettings>): void;
  /**
   * File an image with everything it needs.
   *
   * @returns The image's digest.
   * @throws {TypeError} If the repository name or a tag breaks the spec's grammar.
   */
  add(repository: string, options: { image: BuiltImage; tags?: readonly string[] }): string;
  /** A repository, made empty if it is not there: to look into it or to tamper with it. */
  repository(name: string): Repository;
  /** The names of all repositories, in order of creation. */
  repositories(): readonly string[];
  /** The uploads that are open, by their id: to look into them or to tamper with them. */
  readonly uploads: Map<string, Upload>;
  /** Answer a request. The network and the server call it. */
  handle(request: SimulatedRequest): Promise<Reply>;
}

const STRICT: RegistrySettings = {
  quirks: {},
  referrers: "api",
  pageSize: 1000,
  auth: { mode: "open" },
};

/**
 * Create a registry with no repositories.
 *
 * @throws {TypeError} If uploads are to be kept as digests and there is no hasher.
 */
export function createRegistry(
  origin: string,
  { clock, random, ...settings }:
    & { clock: Clock; random: SeededRandom }
    & Partial<RegistrySettings>,
): SimulatedRegistry {
  const state: RegistryState = {
    origin,
    address: origin,
    settings: checkedSettings({ ...STRICT, ...settings }),
    clock,
    random,
    repositories: new Map(),
    uploads: new Map(),
    count: { pulls: 0, startedAt: clock.now() },
    counts: new Map(),
  };
  return {
    kind: "registry",
    origin,
    get address() {
      return state.address;
    },
    set address(address) {
      state.address = address;
    },
    get settings() {
      return state.settings;
    },
    configure(changes): void {
      state.settings = checkedSettings({ ...state.settings, ...changes });
    },
    add: (name, { image, tags = [] }) => addImage(state, name, image, tags),
    repository: (name) => namedRepository(state, name),
    repositories: () => [...state.repositories.keys()],
    uploads: state.uploads,
    handle: (request) => answer(state, request),
  };
}

function checkedSettings(settings: RegistrySettings): RegistrySettings {
  if (settings.push?.keep === "digest" && settings.push.hasher === undefined) {
    throw new TypeError("To keep digests alone needs a hasher");
  }
  return settings;
}

function addImage(
  state: RegistryState,
  name: string,
  image: BuiltImage,
  tags: readonly string[],
): string {
  const bad = tags.find((tag) => !isTag(tag));
  if (bad !== undefined) throw new TypeError(`"${bad}" is not a tag`);
  storeImage(namedRepository(state, name), image, tags);
  return image.digest;
}

function namedRepository({ repositories }: RegistryState, name: string): Repository {
  if (!isRepositoryName(name)) throw new TypeError(`"${name}" is not a repository name`);
  return repositoryOf(repositories, name);
}

async function answer(state: RegistryState, request: SimulatedRequest): Promise<Reply> {
  const { headStatus, noContentLength } = state.settings.quirks;
  if (request.method === "HEAD" && headStatus !== undefined) {
    return { status: headStatus, headers: [] };
  }
  const reply = withHeaders(await routeRegistry(state, request), {
    "docker-distribution-api-version": "registry/2.0",
  });
  return noContentLength ? { ...reply, framing: "chunked" } : reply;
}
