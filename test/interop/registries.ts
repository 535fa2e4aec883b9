import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, type Running, startServer } from "../support/processes_node.ts";

/** A registry that is not ours, running on loopback. */
export interface RealRegistry extends Running {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
}

/** Who may read and write. Absent for everybody. */
export type RegistryAuth =
  | { readonly htpasswd: string }
  | {
    readonly token: {
      readonly realm: string;
      readonly service: string;
      readonly issuer: string;
      /** Path of the PEM bundle that the `x5c` chains must end in. */
      readonly rootcertbundle: string;
    };
  };

/** The account of the registry with basic authentication: bcrypt, as `htpasswd -B` writes it. */
export const BASIC = {
  username: "puller",
  password: "pull-secret",
  htpasswd: "puller:$2y$05$GioHSWbL9MXuS/bulCgzfOC.QlNhDUMNmZ5gtEm0R9.VXJ.J3Yo2S\n",
} as const;

/**
 * Start Debian's docker-registry (distribution 2.8), which keeps its data in a folder.
 *
 * @param secret What it signs the state of uploads with. Default is one that nobody else knows.
 */
export function startRegistry(
  folder: string,
  auth?: RegistryAuth,
  port?: number,
  secret?: string,
): Promise<RealRegistry> {
  return serveDistribution("docker-registry", folder, auth, port, secret);
}

/** Start distribution 3, which keeps its data in a folder. */
export function startDistribution(
  program: string,
  folder: string,
  auth?: RegistryAuth,
): Promise<RealRegistry> {
  return serveDistribution(program, folder, auth);
}

async function serveDistribution(
  program: string,
  folder: string,
  auth?: RegistryAuth,
  port?: number,
  secret?: string,
): Promise<RealRegistry> {
  mkdirSync(folder, { recursive: true });
  const host = `127.0.0.1:${port ?? await freePort()}`;
  const config = {
    version: 0.1,
    log: { level: "info", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, "data") }, delete: { enabled: true } },
    http: { addr: host, ...(secret !== undefined && { secret }) },
    ...(auth && { auth: authSection(folder, auth) }),
  };
  const file = join(folder, "config.yml"); // JSON is YAML
  writeFileSync(file, JSON.stringify(config));
  const running = await startServer(program, ["serve", file], /listening on/, {
    env: { OTEL_TRACES_EXPORTER: "none" },
  });
  return { ...running, host };
}

/**
 * Start olareg, which knows the referrers API.
 * @param folder Keeps its data; without one they are in memory.
 */
export async function startOlareg(program: string, folder?: string): Promise<RealRegistry> {
  const port = await freePort();
  const address = ["--addr", "127.0.0.1", "--port", String(port)];
  const on = ["--api-delete", "--api-blob-delete", "--api-sparse-image", "--api-sparse-index"];
  const store = folder === undefined
    ? ["--store-type", "mem"]
    : ["--store-type", "dir", "--dir", folder];
  const args = ["serve", ...store, "--verbosity", "info", ...address, ...on];
  const running = await startServer(program, args, /launching server/);
  return { ...running, host: `127.0.0.1:${port}` };
}

/** Start zot, which keeps its data in a folder. */
export async function startZot(program: string, folder: string): Promise<RealRegistry> {
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const config = {
    storage: { rootDirectory: join(folder, "data") },
    http: { address: "127.0.0.1", port: String(port), compat: ["docker2s2"] },
    log: { level: "info" },
  };
  const file = join(folder, "config.json");
  writeFileSync(file, JSON.stringify(config));
  const registry = {
    ...await startServer(program, ["serve", file], /configuration settings/),
    host: `127.0.0.1:${port}`,
  };
  await untilItAnswers(registry);
  return registry;
}

const ANSWER_MS = 60_000;

/** zot does not say when it listens. */
async function untilItAnswers({ host, output, stop }: RealRegistry): Promise<void> {
  for (const end = Date.now() + ANSWER_MS; Date.now() < end;) {
    if (await answers(host)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await stop();
  throw new Error(`${host} does not answer:\n${output()}`);
}

async function answers(host: string): Promise<boolean> {
  try {
    return (await fetch(`http://${host}/v2/`, { signal: AbortSignal.timeout(ANSWER_MS) })).ok;
  } catch {
    return false;
  }
}

function authSection(folder: string, auth: RegistryAuth): object {
  if ("token" in auth) return { token: auth.token };
  const path = join(folder, "htpasswd");
  writeFileSync(path, auth.htpasswd);
  return { htpasswd: { realm: "test", path } };
}
