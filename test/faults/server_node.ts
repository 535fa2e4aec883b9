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
import {
  buildImage,
  bytesContent,
  type Content,
  contentBytes,
  createSimulation,
  type FaultAction,
  type LoggedRequest,
} from "../../src/simulation/mod.ts";
import { nodeHasher, serveHosts } from "../../src/simulation/serve_node.ts";
import { serveWorker } from "../../tools/serve_worker.ts";
import { BLOB_NAMES, blobContent, type BlobName, type HostName, HOSTS } from "./catalogue.ts";
import type {
  CaseFault,
  FaultAddresses,
  FaultCase,
  PushCase,
  PushFault,
  PushOutcome,
  SeenRequest,
} from "./control.ts";

interface Blob {
  readonly digest: string;
  readonly content: Content;
}

const QUIRKS = {
  plain: {},
  zero: { ignoreRange: true },
  gzip: { gzipBlobs: true },
  odd: {},
} as const;

const simulation = createSimulation();
const registries = Object.fromEntries(
  HOSTS.map((name) => [
    name,
    simulation.registry(`${name}.test`, { quirks: QUIRKS[name], push: { hasher: nodeHasher } }),
  ]),
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

function openPush({ faults }: { faults: readonly PushFault[] }): PushCase {
  const repository = `case/n${++count}`;
  const armed = faults.map(({ path = "*", ...fault }) => ({
    ...fault,
    action: [fault.action].flat().map(restore),
    ...{ host: "plain.test", path: `/v2/${repository}/${String(path)}` },
  }));
  registries.plain.repository(repository);
  disarm.set(repository, simulation.faults.add(...armed));
  return { repository, faults };
}

function closePush({ repository, digest }: { repository: string; digest: string }): PushOutcome {
  const arrivedBytes = entriesOf({ host: "plain", repository })
    .reduce((sum, { bodyBytes }) => sum + bodyBytes, 0);
  const seen = close({ host: "plain", repository });
  const { blobs } = registries.plain.repository(repository);
  const content = blobs.get(digest);
  const hash = content && createHash("sha256").update(contentBytes(content)).digest("hex");
  const stored = hash && `sha256:${hash}`;
  const outcome = { stored, blobs: blobs.size, arrivedBytes, seen };
  blobs.clear();
  return outcome;
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
  return entriesOf(which)
    .map(({ method, target, headers, status, sentBytes, outcome, unreadBytes = 0 }) => ({
      ...{ method, target, headers, status, sentBytes, outcome, unreadBytes },
    }));
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
  "/open-push": openPush,
  "/close-push": closePush,
};

const served = await serveHosts(simulation);
const addresses = Object.fromEntries(
  HOSTS.map((name) => [name, new URL(served.url(`${name}.test`)).host]),
) as Record<HostName, string>;
const config = JSON.stringify({
  upstreams: HOSTS.map((name) => ({
    ...{ name, prefix: name, origin: `http://${addresses[name]}` },
  })),
  access: { anonymous: HOSTS.map((name) => `${name}/**:pull,push`) },
  sealingKeys: [{ secret: "SEAL_KEY" }],
});
const secrets = { SEAL_KEY: "not a secret, the same for all doors here" };
const door = await serveWorker({ port: 0, secrets, config });
const twins = await Promise.all(
  [1, 2].map(() => serveWorker({ port: 0, secrets, config, checkpoints: false })),
);
const control = createServer((request, response) => {
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
};
console.log(`ready ${JSON.stringify(ready)}`);

const end = async (): Promise<void> => {
  control.closeAllConnections();
  control.close();
  await Promise.all([door, ...twins].map((one) => one.close()));
  await served.close();
  process.exit(0);
};
process.on("SIGTERM", () => void end());
// tests that are killed tell nobody
const parent = process.ppid;
setInterval(() => process.ppid === parent || void end(), 500).unref();
