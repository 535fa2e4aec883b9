import type { Clock } from "../core/mod.ts";
import { limitRequests, problem } from "./github_reply.ts";
import { routeGithub } from "./github_routes.ts";
import type { GithubSettings, GithubState, SimulatedVersion } from "./github_state.ts";
import { syncPackages } from "./github_packages.ts";
import { drainBody } from "./request_body.ts";
import type { Reply, SimulatedRequest } from "./reply.ts";

/** GitHub's API, as far as packages need it. */
export interface SimulatedGithub {
  readonly kind: "github";
  readonly origin: string;
  /** Where it is reached: the origin, or a loopback address while it is served over HTTP. */
  address: string;
  readonly settings: GithubSettings;
  /** Change how it behaves, from the next request on. */
  configure(changes: Partial<GithubSettings>): void;
  /** The version of a repository's manifest: to look at it, to date it back, to make it popular. */
  version(repository: string, digest: string): SimulatedVersion;
  handle(request: SimulatedRequest): Promise<Reply>;
}

/** Create GitHub's API over the repositories of a registry: each manifest is a version. */
export function createGithub(
  origin: string,
  { clock, ...settings }:
    & { clock: Clock }
    & Partial<GithubSettings>
    & Pick<GithubSettings, "registry">,
): SimulatedGithub {
  const state: GithubState = {
    address: origin,
    settings: { accounts: {}, tokens: {}, attestations: {}, visibility: {}, ...settings },
    clock,
    packages: new Map(),
    deleted: new Map(),
    used: 0,
    startedAt: clock.now(),
    lastId: 1000,
  };
  return {
    kind: "github",
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
      state.settings = { ...state.settings, ...changes };
    },
    version(repository, digest): SimulatedVersion {
      syncPackages(state);
      const versions = state.packages.get(repository)?.versions ?? [];
      const found = versions.find((version) => version.digest === digest);
      if (found === undefined) throw new TypeError(`There is no ${repository}@${digest}`);
      return found;
    },
    handle: (request) => answer(state, request),
  };
}

/** A token that nobody has is 401; then the budget; then the endpoint. */
async function answer(state: GithubState, request: SimulatedRequest): Promise<Reply> {
  await drainBody(request.body);
  const header = request.headers.get("authorization");
  const [, token = ""] = /^(?:bearer|token) +(\S+)$/i.exec(header ?? "") ?? [];
  const { tokens } = state.settings;
  if (header !== null && !Object.hasOwn(tokens, token)) return problem(401, "Bad credentials");
  const caller = tokens[token];
  syncPackages(state);
  return limitRequests(state, request, caller) ?? await routeGithub(state, request, caller);
}
