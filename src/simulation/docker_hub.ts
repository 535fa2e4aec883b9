import type { BuiltImage } from "./image.ts";
import type { SimulatedHub } from "./hub.ts";
import type { HubRepositoryInit } from "./hub.ts";
import type { HubSettings, HubUser } from "./hub_state.ts";
import type { PushSettings } from "./push_settings.ts";
import type { SimulatedRegistry } from "./registry.ts";
import type { RateLimit } from "./registry_state.ts";
import type { Simulation } from "./simulation.ts";
import type { AccessRule, SimulatedTokenService } from "./token_service.ts";

/** What Docker Hub is made of. */
export interface DockerHubOptions {
  readonly users?: Readonly<Record<string, HubUser>>;
  /** Default is 100 pulls in 6 hours; `false` for no limit. */
  readonly pulls?: RateLimit | false;
  /** Take pushes and deletes. Absent: read-only. */
  readonly push?: PushSettings;
  readonly api?: Partial<Omit<HubSettings, "users" | "registry">>;
}

/** Docker Hub, all of it. */
export interface SimulatedDockerHub {
  /** `https://hub.docker.com` */
  readonly api: SimulatedHub;
  /** `https://registry-1.docker.io` */
  readonly registry: SimulatedRegistry;
  /** `https://auth.docker.io` */
  readonly tokens: SimulatedTokenService;
  /** `https://api.dso.docker.com`, by the same accounts. */
  readonly scout: SimulatedHub;
  /**
   * File an image in the registry and its repository in the API.
   *
   * @returns The image's digest.
   */
  add(
    repository: string,
    options: { image: BuiltImage; tags?: readonly string[]; init?: HubRepositoryInit },
  ): string;
}

/** Pulls in 6 hours for everybody who comes from one address. */
const ANONYMOUS_PULLS: RateLimit = { limit: 100, windowSeconds: 21_600 };

/** Put Docker Hub into a simulation: its API, registry, token service and Scout, by one list of users. */
export function dockerHub(
  simulation: Simulation,
  { users = {}, pulls = ANONYMOUS_PULLS, push, api: given = {} }: DockerHubOptions = {},
): SimulatedDockerHub {
  const tokens = simulation.tokenService("auth.docker.io", {
    knows: (name, password) => isKnown(users, name, password),
    allow: (user, name, action) => isAllowed(api, users, user, name, action),
  });
  const registry = simulation.registry("registry-1.docker.io", {
    auth: { mode: "bearer", tokens, service: "registry.docker.io" },
    quirks: { tagDelete: 405 }, // it deletes by digest alone
    rateLimit: pulls === false ? undefined : pulls,
    push,
  });
  const api = simulation.hub("hub.docker.com", { ...given, users, registry });
  const scout = simulation.hub("api.dso.docker.com", { users });
  return {
    ...{ api, registry, tokens, scout },
    add(repository, { image, tags = [], init }): string {
      api.add(repository, init);
      return registry.add(repository, { image, tags });
    },
  };
}

function isKnown(users: DockerHubOptions["users"], name: string, password: string): boolean {
  const user = users !== undefined && Object.hasOwn(users, name) ? users[name] : undefined;
  if (user === undefined) return false;
  const isToken = Object.hasOwn(user.accessTokens ?? {}, password);
  return isToken || (user.password === password && user.secondFactor === undefined);
}

/** Everybody pulls what is public; members do everything in their namespaces. */
function isAllowed(
  api: SimulatedHub,
  users: DockerHubOptions["users"] = {},
  user: Parameters<AccessRule>[0],
  name: string,
  action: string,
): boolean {
  const [namespace = ""] = name.split("/");
  const isMember = user !== undefined &&
    (user === namespace || (users[user]?.memberOf?.includes(namespace) ?? false));
  return isMember || (action === "pull" && api.repositories.get(name)?.isPrivate !== true);
}
