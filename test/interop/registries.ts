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
export function startDistribution(program: string, folder: string): Promise<RealRegistry> {
  return serveDistribution(program, folder);
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

/** Start olareg, which knows the referrers API and keeps its data in memory. */
export async function startOlareg(program: string): Promise<RealRegistry> {
  const port = await freePort();
  const address = ["--addr", "127.0.0.1", "--port", String(port)];
  const on = ["--api-delete", "--api-blob-delete", "--api-sparse-image", "--api-sparse-index"];
  const args = ["serve", "--store-type", "mem", "--verbosity", "info", ...address, ...on];
  const running = await startServer(program, args, /launching server/);
  return { ...running, host: `127.0.0.1:${port}` };
}

/** Start zot, which keeps its data in a folder. */
export async function startZot(program: string, folder: string): Promise<RealRegistry> {
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const config = {
    storage: { rootDirectory: join(folder, "data") },
    http: { address: "127.0.0.1", port: String(port) },
    log: { level: "info" },
  };
  const file = join(folder, "config.json");
  writeFileSync(file, JSON.stringify(config));
  const running = await startServer(program, ["serve", file], /listen|starting/i);
  return { ...running, host: `127.0.0.1:${port}` };
}

function authSection(folder: string, auth: RegistryAuth): object {
  if ("token" in auth) return { token: auth.token };
  const path = join(folder, "htpasswd");
  writeFileSync(path, auth.htpasswd);
  return { htpasswd: { realm: "test", path } };
}
