/**
 * The fault server: simulated registries over real HTTP, the front door in workerd before them, and
 * a small control API. A process of its own, so that no client shares its event loop.
 *
 * Prints one line of JSON, its addresses, when it is ready.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import {
  buildImage,
  bytesContent,
  type Content,
  contentBytes,
  createSimulation,
  type FaultAction,
  type LoggedRequest,
  type RegistrySettings,
} from "../../src/simulation/mod.ts";
import { nodeHasher, type ServedHost, serveSimulation } from "../../src/simulation/serve_node.ts";
import { serveWorker } from "../../tools/serve_worker.ts";
import {
  BLOB_NAMES,
  blobContent,
  type BlobName,
  type HostName,
  HOSTS,
  TOKEN_SECONDS,
} from "./catalogue.ts";
import type { CaseFault, FaultAddresses, FaultCase, SeenRequest } from "./control.ts";
import { createPushSide, seenRequest } from "./push_side_node.ts";

interface Blob {
  readonly digest: string;
  readonly content: Content;
}

const simulation = createSimulation({ keptBodyBytes: 0 });
const tokens = simulation.tokenService("auth.test", {
  lifetimeSeconds: TOKEN_SECONDS,
  expiresIn: 60, // or nobody would send one that has ended
  allow: () => true,
});
const SETTINGS: Partial<Record<HostName, Partial<RegistrySettings>>> = {
  zero: { quirks: { ignoreRange: true } },
  gzip: { quirks: { gzipBlobs: true } },
  discards: { push: { hasher: nodeHasher, brokenBody: "discard" } },
  tokens: { auth: { mode: "bearer", tokens } },
};
const registries = Object.fromEntries(
  HOSTS.map((name) => {
    const settings = { push: { hasher: nodeHasher }, ...SETTINGS[name] };
    return [name, simulation.registry(`${name}.test`, settings)];
  }),
) as Record<HostName, ReturnType<typeof simulation.registry>>;
const blobs = Object.fromEntries(BLOB_NAMES.map((name) => [name, makeBlob(name)])) as Record<
  BlobName,
  Blob
>;
const disarm = new Map<string, () => void>();
let count = 0;

function makeBlob(name: BlobName): Blob {
  const bytes = contentBytes(blobContent(name));
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  return { digest, content: bytesContent(bytes) };
}

/** An image whose only layer is the blob, so that image tools can pull it, too. */
async function open(
  { host, blob, faults }: { host: HostName; blob: BlobName; faults: readonly CaseFault[] },
): Promise<FaultCase> {
  const repository = `case/n${++count}`;
  const { digest, content } = blobs[blob];
  const layer = { mediaType: "application/vnd.oci.image.layer.v1.tar+gzip" };
  const shell = await buildImage({
    layers: [],
    hasher: nodeHasher,
    extra: { layers: [{ ...layer, digest, size: content.size }] },
  });
  registries[host].add(repository, { image: shell, tags: ["v1"] });
  registries[host].repository(repository).blobs.set(digest, content);
  const path = `/v2/${repository}/blobs/${digest}`;
  const armed = faults.map((fault) => ({
    ...fault,
    action: [fault.action].flat().map(restore),
    ...{ host: `${host}.test`, path },
  }));
  disarm.set(repository, simulation.faults.add(...armed));
  return { host, repository, digest };
}

/** JSON has no undefined, which is how a header is taken away. */
function restore(action: FaultAction): FaultAction {
  if (action.kind !== "headers") return action;
  const set = Object.entries(action.set).map(([name, value]) => [name, value ?? undefined]);
  return { ...action, set: Object.fromEntries(set) };
}

function entriesOf({ host, repository }: { host: HostName; repository: string }): LoggedRequest[] {
  const { origin } = registries[host];
  return simulation.log.filter((entry) =>
    entry.host === origin && entry.target.startsWith(`/v2/${repository}/blobs/`)
  );
}

function read(which: { host: HostName; repository: string }): SeenRequest[] {
  return entriesOf(which).map(seenRequest);
}

function close(which: { host: HostName; repository: string }): SeenRequest[] {
  disarm.get(which.repository)?.();
  disarm.delete(which.repository);
  const seen = read(which);
  const mine = new Set(entriesOf(which));
  const others = simulation.log.filter((entry) => !mine.has(entry));
  simulation.log.splice(0, simulation.log.length, ...others);
  return seen;
}

async function bodyOf(request: IncomingMessage): Promise<never> {
  let text = "";
  for await (const part of request) text += part;
  return JSON.parse(text) as never;
}

const VERBS: Readonly<Record<string, (body: never) => unknown>> = {
  "/open": open,
  "/read": read,
  "/close": close,
  "/open-push": (plan) => push.open(plan),
  "/close-push": (which) => push.close(which),
  "/take-writes": (which) => push.takeWrites(which),
};

const hosts = simulation.hosts();
const listening = await Promise.all(hosts.map((host) => serveSimulation({ simulation, host })));
const served = new Map(hosts.map((host, i) => [host, listening[i] as ServedHost]));
const addresses = Object.fromEntries(
  HOSTS.map((name) => [name, new URL(registries[name].address).host]),
) as Record<HostName, string>;
const push = createPushSide({
  ...{ simulation, registries, restore },
  repositoryName: () => `case/n${++count}`,
  async restart({ downMs, forgets }): Promise<void> {
    const host = registries.restarts;
    const before = served.get(host) as ServedHost;
    await before.close();
    if (forgets) host.uploads.clear();
    await sleep(downMs);
    served.set(host, await serveSimulation({ simulation, host, port: before.port }));
  },
});
const config = JSON.stringify({
  upstreams: HOSTS.map((name) => ({
    ...{ name, prefix: name, origin: `http://${addresses[name]}` },
    ...name === "tokens" && { tokenOrigins: [tokens.address] },
  })),
  access: { anonymous: HOSTS.map((name) => `${name}/case/**:pull,push`) },
  sealingKeys: [{ secret: "SEAL_KEY" }],
});
const secrets = { SEAL_KEY: "not a secret, the same for all doors here" };
const door = await serveWorker({ port: 0, secrets, config });
const twins = await Promise.all(
  [1, 2].map(() => serveWorker({ port: 0, secrets, config, checkpoints: false })),
);
// a connection that is closed while idle may be one that Bun has just begun to use again
const control = createServer({ keepAliveTimeout: 3_600_000 }, (request, response) => {
  bodyOf(request)
    .then((body) => VERBS[request.url ?? ""]?.(body))
    .then((answer) => response.end(JSON.stringify(answer)))
    .catch((error) => response.writeHead(500).end(String(error)));
});
control.listen(0, "127.0.0.1");
await once(control, "listening");

const ready: FaultAddresses = {
  control: `127.0.0.1:${(control.address() as AddressInfo).port}`,
  door: new URL(door.url).host,
  twins: twins.map(({ url }) => new URL(url).host) as [string, string],
  registries: addresses,
  tokens: new URL(tokens.address).host,
};
console.log(`ready ${JSON.stringify(ready)}`);

const end = async (): Promise<void> => {
  control.closeAllConnections();
  control.close();
  await Promise.all([door, ...twins].map((one) => one.close()));
  await Promise.all([...served.values()].map((one) => one.close()));
  process.exit(0);
};
process.on("SIGTERM", () => void end());
// tests that are killed tell nobody
const parent = process.ppid;
setInterval(() => process.ppid === parent || void end(), 500).unref();
