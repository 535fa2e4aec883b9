import type { RegistryClient } from "../../src/client/mod.ts";
import type { ByteSink } from "../../src/verify/mod.ts";
import { buildImage, type FaultAction, type TrapAnswer } from "../../src/simulation/mod.ts";
import {
  asHeader,
  type LeakContent,
  type LeakWorld,
  PINNED_ORIGIN,
  type Product,
  REPOSITORY,
  TRAP_TOKEN,
} from "./leak_world.ts";
import { OWN_ORIGIN } from "./url_forms.ts";

/** What a hostile registry names a URL as. */
export type LeakClass =
  | "realm"
  | "second-realm"
  | "redirect"
  | "token-redirect"
  | "link"
  | "foreign-layer"
  | "other-header"
  | "steered-redirect"
  | "steered-token";

/** One case of the map. */
export interface LeakCase {
  readonly leakClass: LeakClass;
  readonly url: string;
  /** For what varies within a class: status, operation, spelling, answer of the trap. */
  readonly turn: number;
}

export const STATUSES = [301, 302, 303, 307, 308] as const;

/** What is asked of the registry. */
export type Operation = "manifest" | "manifest-head" | "blob" | "tags" | "referrers";
export const OPERATIONS: readonly Operation[] = [
  "manifest",
  "blob",
  "tags",
  "referrers",
  "manifest-head",
];

/** The path of an operation, as a fault matches it. */
const PATHS: Readonly<Record<Operation, string>> = {
  manifest: "/v2/*/manifests/*",
  "manifest-head": "/v2/*/manifests/*",
  blob: "/v2/*/blobs/*",
  tags: "/v2/*/tags/list",
  referrers: "/v2/*/referrers/*",
};

/** What the trap answers to whoever comes. */
export const TRAP_ANSWERS: readonly ((content: LeakContent) => TrapAnswer)[] = [
  ({ layer }) => ({ status: 200, body: layer }),
  () => ({ status: 200, body: TRAP_BODY, headers: { "content-type": "application/json" } }),
  () => unauthorized('Basic realm="x"'),
  () => unauthorized(`Bearer realm="https://trap.example/token",service="s",scope="${SCOPE}"`),
  () => unauthorized(`Basic realm="x", Bearer realm="https://trap.example/token",scope="${SCOPE}"`),
  () => unauthorized(`bearer REALM="https://trap.example/token"`),
  () => unauthorized(`basic`),
  () => unauthorized(`Bearer realm="${PINNED_ORIGIN}/token",service="registry.example"`),
  () => unauthorized(`Bearer realm="${OWN_ORIGIN}/token",service="registry.example"`),
  () => ({ status: 307, headers: { location: `${OWN_ORIGIN}/v2/${REPOSITORY}/tags/list` } }),
];

const SCOPE = `repository:${REPOSITORY}:pull`;
const TRAP_BODY = JSON.stringify({ token: TRAP_TOKEN, expires_in: 300, tags: ["v1"] });

/** To a token request the trap gives a token: whatever was sent with it then travels on. */
function unauthorized(challenge: string): TrapAnswer {
  return ({ url, headers }) =>
    new URL(url).pathname === "/token" || headers.has("authorization")
      ? { status: 200, body: TRAP_BODY, headers: { "content-type": "application/json" } }
      : { status: 401, headers: { "www-authenticate": challenge, "set-cookie": "a=b" } };
}

/** Spellings of a challenge that name a realm. */
const CHALLENGES: readonly ((realm: string) => string)[] = [
  (realm) => `Bearer realm="${realm}",service="registry.example"`,
  (realm) => `Basic realm="x", Bearer realm="${realm}"`,
  (realm) => `bearer REALM = "${realm}" , scope="${SCOPE}"`,
  (realm) => `Negotiate, Bearer service="registry.example",realm="${realm}"`,
];

/** Put a case into a world; false where no server could send it. */
export async function setAttack(world: LeakWorld, one: LeakCase): Promise<boolean> {
  const { leakClass, url, turn } = one;
  if (leakClass === "foreign-layer") return await addForeignLayer(world, url);
  const value = asHeader(url);
  if (value === undefined) return false;
  const { faults } = world.simulation;
  const host = OWN_ORIGIN;
  const path = PATHS[operationOf(one)];
  const status = STATUSES[turn % STATUSES.length] ?? 307;
  switch (leakClass) {
    case "realm":
      faults.add({ host, path: "/v2/*", action: challenged(value, turn) });
      break;
    case "second-realm":
      faults.add({ host, path, action: challenged(value, turn) });
      break;
    case "redirect":
      faults.add({
        ...{ host, path, action: { kind: "answer", status, headers: { location: value } } },
        ...(world.proof !== "anonymous" && { authorized: true }),
      });
      break;
    case "token-redirect":
      faults.add({
        host: PINNED_ORIGIN,
        action: { kind: "answer", status, headers: { location: value } },
      });
      break;
    case "steered-redirect":
    case "steered-token":
      steer(world, leakClass, value);
      break;
    case "link":
      faults.add({ host, path, action: { kind: "headers", set: { link: linked(value, turn) } } });
      break;
    case "other-header":
      faults.add({ host, path, action: otherHeader(value, turn) });
  }
  return true;
}

/** By way of a public stranger to an address that the configuration lists. */
function steer({ simulation }: LeakWorld, leakClass: LeakClass, location: string): void {
  const stranger = "https://stranger.test";
  const action = (to: string): FaultAction => ({
    ...{ kind: "answer", status: 307, headers: { location: to } },
  });
  simulation.trap(stranger, { status: 307, headers: { location } });
  const named = leakClass === "steered-token"
    ? { host: PINNED_ORIGIN, action: action(`${stranger}/token`) }
    : { host: OWN_ORIGIN, path: "/v2/*/manifests/*", action: action(`${stranger}/x`) };
  simulation.faults.add(named);
}

/** What is asked in a case. */
export function operationOf({ leakClass, turn }: LeakCase): Operation {
  if (leakClass === "link") return turn % 2 === 0 ? "tags" : "referrers";
  if (leakClass !== "redirect" && leakClass !== "other-header") return "manifest";
  return OPERATIONS[Math.floor(turn / STATUSES.length) % OPERATIONS.length] ?? "manifest";
}

function challenged(realm: string, turn: number): FaultAction {
  const write = CHALLENGES[turn % CHALLENGES.length] ?? String;
  const challenge = write(realm.replace(/["\\]/g, "\\$&"));
  return { kind: "answer", status: 401, headers: { "www-authenticate": challenge } };
}

function linked(target: string, turn: number): string {
  const links = [
    `<${target}>; rel="next"`,
    `<${target}>; rel=next`,
    `<https://registry.example/other>; rel="prev", <${target}>; title="x"; REL="Next"`,
  ];
  return links[Math.floor(turn / 2) % links.length] ?? "";
}

/** Headers that name a URL and that nobody follows here. */
function otherHeader(url: string, turn: number): FaultAction {
  const headers: readonly Readonly<Record<string, string>>[] = [
    { location: url, "content-location": url },
    { refresh: `0; url=${url}`, "alt-svc": `h3="${url}"` },
    { link: `<${url}>; rel="preload"`, "docker-upload-location": url },
  ];
  const set = headers[turn % headers.length] ?? {};
  // a Location beside what is no redirect: 300, 304, 305 and 306 are none that a client follows
  const status = [undefined, undefined, 300, 305, 306][Math.floor(turn / 3) % 5];
  return status === undefined
    ? { kind: "headers", set }
    : { kind: "answer", status, headers: set, body: "" };
}

async function addForeignLayer(world: LeakWorld, url: string): Promise<boolean> {
  const { layer, layerDigest } = world.content;
  const foreign = {
    mediaType: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    digest: layerDigest,
    size: layer.length,
    urls: [url],
  };
  const extra = { layers: [foreign] };
  const image = await buildImage({ layers: 0, extra });
  world.registry.add(REPOSITORY, { image, tags: ["foreign"] });
  return true;
}

/** Do what a user would. */
export async function operate(
  { parseReference }: Product,
  client: RegistryClient,
  one: LeakCase,
  { image }: LeakContent,
): Promise<void> {
  const tag = one.leakClass === "foreign-layer" ? "foreign" : "v1";
  const ref = parseReference(`registry.example/${REPOSITORY}:${tag}`);
  if (one.leakClass === "foreign-layer") {
    const sink = { openBlob: () => NOWHERE, putManifest: () => {} };
    return void await client.pullImage(ref, sink, { foreignLayers: "fetch" });
  }
  switch (operationOf(one)) {
    case "manifest":
      return void await client.manifests.get(ref);
    case "manifest-head":
      return void await client.manifests.head(ref);
    case "blob":
      return void await (await client.blobs.get(ref, image.layers[0]?.digest ?? "")).bytes();
    case "tags":
      return await exhaust(client.tags.list(ref));
    case "referrers":
      return await exhaust(client.referrers.list({ ...ref, digest: image.digest as never }));
  }
}

const NOWHERE: ByteSink = {
  write: () => Promise.resolve(),
  close: () => Promise.resolve(),
  abort: () => Promise.resolve(),
};

async function exhaust(items: AsyncIterable<unknown>): Promise<void> {
  const iterator = items[Symbol.asyncIterator]();
  while (!(await iterator.next()).done);
}
