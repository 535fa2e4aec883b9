import { IttyRouter } from "itty-router";
import type { IRequest } from "itty-router";
import { deletePackage, deleteVersion, restorePackage, restoreVersion } from "./github_packages.ts";
import { pageReply, problem, withBudget } from "./github_reply.ts";
import type {
  GithubCaller,
  GithubState,
  SimulatedPackage,
  SimulatedVersion,
} from "./github_state.ts";
import { jsonReply } from "./reply.ts";
import type { Reply, SimulatedRequest } from "./reply.ts";

/** One request at an endpoint. */
interface Call {
  readonly state: GithubState;
  readonly request: SimulatedRequest;
  readonly caller: GithubCaller | undefined;
  /** Whose packages are meant; undefined where there is no such account, or one of another kind. */
  readonly account: string | undefined;
  /** Of the path, decoded. */
  readonly parameters: Readonly<Record<string, string>>;
}

type Endpoint = (call: Call) => Reply;

const router = IttyRouter<IRequest, [GithubState, SimulatedRequest, GithubCaller | undefined]>();

for (const owner of ["/orgs/:org", "/users/:user", "/user"]) {
  const one = `${owner}/packages/:type/:name`;
  route("get", `${owner}/packages`, reading(listPackages));
  route("get", one, reading(onPackage((call, found) => jsonReply(200, describe(call, found)))));
  route("delete", one, needing("delete:packages", onPackage(removePackage)));
  route("post", `${one}/restore`, needing("write:packages", bringPackageBack));
  route("get", `${one}/versions`, reading(onPackage(listVersions)));
  route("get", `${one}/versions/:id`, reading(onVersion(getVersion)));
  route("delete", `${one}/versions/:id`, needing("delete:packages", onVersion(removeVersion)));
  route("post", `${one}/versions/:id/restore`, needing("write:packages", onVersion(bringBack)));
  if (owner !== "/user") route("get", `${owner}/attestations/:digest`, listAttestations);
}
route("get", "/users/:login", getAccount);
router.all("*", () => notFound());

/** Answer one request by the endpoint whose path it has. */
export async function routeGithub(
  state: GithubState,
  request: SimulatedRequest,
  caller: GithubCaller | undefined,
): Promise<Reply> {
  const { method, url } = request;
  const reply = await router.fetch({ method, url }, state, request, caller) as Reply;
  return withBudget(state, reply);
}

function route(method: "get" | "post" | "delete", path: string, endpoint: Endpoint): void {
  router[method](path, ({ params }: IRequest, state, request, caller) => {
    const parameters = Object.fromEntries(
      Object.entries(params as Record<string, string>).map(([name, value]) => {
        return [name, decodeURIComponent(value)];
      }),
    );
    const account = accountOf(state, parameters, caller);
    return endpoint({ state, request, caller, account, parameters });
  });
}

function accountOf(
  { settings: { accounts } }: GithubState,
  { org, user }: Call["parameters"],
  caller: GithubCaller | undefined,
): string | undefined {
  const login = org ?? user ?? caller?.login;
  if (login === undefined) return undefined;
  const known = Object.keys(accounts).find((name) => name.toLowerCase() === login.toLowerCase());
  const wanted = org === undefined ? "User" : "Organization";
  return known !== undefined && accounts[known]?.type === wanted ? known : undefined;
}

/** Reading wants a token too, for public packages as well. */
function reading(endpoint: Endpoint): Endpoint {
  return needing("read:packages", endpoint);
}

function needing(scope: string, endpoint: Endpoint): Endpoint {
  return (call) => {
    if (call.caller === undefined) return problem(401, "Requires authentication");
    if (call.caller.scopes.includes(scope)) return endpoint(call);
    return problem(403, `You need at least ${scope} scope to do this.`);
  };
}

function notFound(): Reply {
  return problem(404, "Not Found");
}

function repositoryOf({ account, parameters }: Call): string {
  return `${(account ?? "").toLowerCase()}/${parameters["name"]}`;
}

/** Its own packages, its organisations' (everybody is in all of them), and public ones. */
function maySee({ state, account, caller }: Call, repository: string): boolean {
  const { accounts, visibility } = state.settings;
  const isOwn = account === caller?.login || accounts[account ?? ""]?.type === "Organization";
  return isOwn || visibility[repository] === "public";
}

function onPackage(endpoint: (call: Call, found: SimulatedPackage) => Reply): Endpoint {
  return (call) => {
    const repository = repositoryOf(call);
    const found = call.state.packages.get(repository);
    const isThere = found && call.account !== undefined &&
      call.parameters["type"] === "container" && maySee(call, repository);
    return isThere ? endpoint(call, found) : problem(404, "Package not found.");
  };
}

function onVersion(
  endpoint: (call: Call, found: SimulatedPackage, version: SimulatedVersion) => Reply,
): Endpoint {
  return onPackage((call, found) => {
    const version = found.versions.find(({ id }) => String(id) === call.parameters["id"]);
    return version ? endpoint(call, found, version) : problem(404, "Package version not found.");
  });
}

function listPackages(call: Call): Reply {
  const { state, request, account } = call;
  const query = new URL(request.url).searchParams;
  if (query.get("package_type") !== "container") return problem(400, "Invalid argument.");
  if (account === undefined) return notFound();
  const wanted = query.get("visibility");
  const found = [...state.packages.values()].filter(({ repository }) => {
    return repository.startsWith(`${account.toLowerCase()}/`) && maySee(call, repository) &&
      (wanted === null || visibilityOf(state, repository) === wanted);
  });
  return pageReply(state, request, found.map((one) => describe(call, one)));
}

function visibilityOf({ settings }: GithubState, repository: string): string {
  return settings.visibility[repository] ?? "private";
}

function describe(
  { state, account = "" }: Call,
  { id, repository, createdAt, versions }: SimulatedPackage,
): unknown {
  const name = repository.slice(account.length + 1);
  const there = versions.filter(({ deleted }) => !deleted);
  const updatedAt = Math.max(createdAt, ...there.map((version) => version.updatedAt));
  return {
    id,
    name,
    package_type: "container",
    owner: { login: account, id: 1, type: state.settings.accounts[account]?.type },
    version_count: there.length,
    visibility: visibilityOf(state, repository),
    url: `${state.address}/users/${account}/packages/container/${encodeURIComponent(name)}`,
    created_at: dateOf(createdAt),
    updated_at: dateOf(updatedAt),
    html_url: `https://github.com/${account}/packages`,
  };
}

function removePackage({ state }: Call, found: SimulatedPackage): Reply {
  return deletePackage(state, found);
}

function bringPackageBack(call: Call): Reply {
  if (call.account === undefined) return notFound();
  return restorePackage(call.state, repositoryOf(call));
}

function listVersions({ state, request }: Call, { versions }: SimulatedPackage): Reply {
  const wanted = new URL(request.url).searchParams.get("state") ?? "active";
  const found = versions.filter(({ deleted }) =>
    (deleted !== undefined) === (wanted === "deleted")
  );
  return pageReply(state, request, found.toReversed().map(describeVersion));
}

function getVersion(_: Call, __: SimulatedPackage, version: SimulatedVersion): Reply {
  return version.deleted ? problem(404, "Not Found") : jsonReply(200, describeVersion(version));
}

function describeVersion(version: SimulatedVersion): unknown {
  const { id, digest, tags, createdAt, updatedAt, deleted } = version;
  return {
    id,
    name: digest,
    created_at: dateOf(createdAt),
    updated_at: dateOf(updatedAt),
    ...(deleted && { deleted_at: dateOf(deleted.at) }),
    metadata: { package_type: "container", container: { tags: deleted ? [] : tags } },
  };
}

function removeVersion(
  { state }: Call,
  found: SimulatedPackage,
  version: SimulatedVersion,
): Reply {
  return version.deleted ? notFound() : deleteVersion(state, found, version);
}

function bringBack({ state }: Call, found: SimulatedPackage, version: SimulatedVersion): Reply {
  return restoreVersion(state, found, version);
}

function listAttestations({ state, request, account, parameters }: Call): Reply {
  const bundles = state.settings.attestations[parameters["digest"] ?? ""];
  if (account === undefined || bundles === undefined) return notFound();
  const entries = bundles.map((bundle) => ({ bundle, repository_id: 1, bundle_url: "" }));
  return pageReply(state, request, entries, (attestations) => ({ attestations }));
}

function getAccount({ state: { settings: { accounts } }, parameters }: Call): Reply {
  const login = parameters["login"]?.toLowerCase();
  const known = Object.keys(accounts).find((name) => name.toLowerCase() === login);
  if (known === undefined) return notFound();
  return jsonReply(200, { login: known, id: 1, type: accounts[known]?.type });
}

function dateOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, "Z");
}
