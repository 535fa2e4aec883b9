import { IttyRouter } from "itty-router";
import type { IRequest } from "itty-router";
import type { Clock } from "../core/mod.ts";
import { authToken, twoFactorLogin, usersLogin } from "./hub_login.ts";
import {
  addHubRepository,
  createHubRepository,
  deleteHubRepository,
  getHubRepository,
  listHubRepositories,
  setHubPrivacy,
  updateHubRepository,
} from "./hub_repositories.ts";
import { scoutSummaries, searchHub } from "./hub_search.ts";
import { callerOf, hubError } from "./hub_state.ts";
import type { HubExchange, HubRepositoryRecord, HubSettings, HubState } from "./hub_state.ts";
import { deleteHubTag, getHubTag, listHubTags } from "./hub_tags.ts";
import { isRepositoryName } from "./names.ts";
import { withHeaders } from "./reply.ts";
import type { Reply, SimulatedRequest } from "./reply.ts";
import type { SeededRandom } from "./seeded_random.ts";

/** What a repository of the API is made with; the rest has defaults. */
export type HubRepositoryInit = Partial<Omit<HubRepositoryRecord, "namespace" | "name">>;

/** A simulated Docker Hub API. It answers Scout's GraphQL too. */
export interface SimulatedHub {
  readonly kind: "hub";
  readonly origin: string;
  /** Where it is reached: the origin, or a loopback address while it is served over HTTP. */
  address: string;
  readonly settings: HubSettings;
  /** Change how it behaves, from the next request on. */
  configure(changes: Partial<HubSettings>): void;
  /**
   * File a repository: `library/nginx`.
   *
   * @throws {TypeError} If it is not a namespace and a name.
   */
  add(repository: string, init?: HubRepositoryInit): void;
  /** The repositories by name: to look into them. */
  readonly repositories: ReadonlyMap<string, Readonly<HubRepositoryRecord>>;
  /** Every token issued, in order. */
  readonly issued: readonly string[];
  /** Make every token issued so far worthless. */
  revokeAll(): void;
  handle(request: SimulatedRequest): Promise<Reply>;
}

const DEFAULTS: HubSettings = {
  users: {},
  authToken: "ok",
  usersLogin: "ok",
  lifetimeSeconds: 600,
  errorStyle: "detail",
  scans: {},
  scanLogin: false,
};

const router = IttyRouter<IRequest, [HubState, SimulatedRequest]>();

const NAMESPACE = "/v2/namespaces/:namespace/repositories";
const REPOSITORY = `${NAMESPACE}/:name`;
const OLD = "/v2/repositories/:namespace/:name";

router.post("/v2/auth/token", call(authToken));
router.post("/v2/users/login", call(usersLogin));
router.post("/v2/users/2fa-login", call(twoFactorLogin));
router.get(NAMESPACE, call(listHubRepositories));
router.post(NAMESPACE, call(createHubRepository));
for (const method of ["get", "head"] as const) {
  router[method](REPOSITORY, call(getHubRepository));
  router[method](`${REPOSITORY}/tags/:tag`, call(getHubTag));
  router[method](`${REPOSITORY}/tags`, call(listHubTags));
}
router.patch(REPOSITORY, call(updateHubRepository));
router.post(`${OLD}/privacy`, call(setHubPrivacy));
router.delete(OLD, call(deleteHubRepository));
router.delete(`${OLD}/tags/:tag`, call(deleteHubTag));
router.get("/api/search/v4", call(searchHub));
router.post("/v1/graphql", call(scoutSummaries));
router.all("*", (_, state) => hubError(state, 404, "Not found"));

function call(
  endpoint: (exchange: HubExchange) => Reply | Promise<Reply>,
): (routed: IRequest, state: HubState, request: SimulatedRequest) => Reply | Promise<Reply> {
  return ({ params }, state, request) => {
    const exchange = { state, request, url: new URL(request.url), params };
    const isRefused = callerOf(exchange) === "refused";
    return isRefused ? hubError(state, 401, "token is not valid") : endpoint(exchange);
  };
}

/** Create a Docker Hub API with no repositories. */
export function createHub(
  origin: string,
  { clock, random, ...settings }:
    & { clock: Clock; random: SeededRandom }
    & Partial<HubSettings>,
): SimulatedHub {
  const state: HubState = {
    origin,
    address: origin,
    settings: { ...DEFAULTS, ...settings },
    clock,
    random,
    repositories: new Map(),
    grants: new Map(),
    pending: new Map(),
    issued: [],
    count: { calls: 0, startedAt: clock.now() },
  };
  return {
    kind: "hub",
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
    add(repository, init): void {
      if (!isRepositoryName(repository) || repository.split("/").length !== 2) {
        throw new TypeError(`"${repository}" is not a namespace and a name`);
      }
      addHubRepository(state, repository, init);
    },
    repositories: state.repositories,
    issued: state.issued,
    revokeAll: () => state.grants.clear(),
    handle: (request) => limitCalls(state, request),
  };
}

async function limitCalls(state: HubState, request: SimulatedRequest): Promise<Reply> {
  const answer = async (): Promise<Reply> =>
    await router.fetch({ method: request.method, url: request.url }, state, request) as Reply;
  const { settings: { rateLimit }, count, clock } = state;
  if (rateLimit === undefined) return await answer();
  const { limit, windowSeconds, retryAfter = true } = rateLimit;
  if (clock.now() >= count.startedAt + windowSeconds * 1000) {
    Object.assign(count, { calls: 0, startedAt: clock.now() });
  }
  const isOver = count.calls >= limit;
  if (!isOver) count.calls++;
  const resetSeconds = Math.ceil(count.startedAt / 1000) + windowSeconds;
  const left = Math.max(1, resetSeconds - Math.floor(clock.now() / 1000));
  const reply = isOver ? hubError(state, 429, "Rate limit exceeded") : await answer();
  return withHeaders(reply, {
    "x-ratelimit-limit": String(limit),
    "x-ratelimit-remaining": String(limit - count.calls),
    "x-ratelimit-reset": String(resetSeconds),
    ...(isOver && retryAfter && { "retry-after": String(left) }),
  });
}
