import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findGoTool } from "../../tools/go_tools.ts";
import { type Outcome, run } from "../support/processes_node.ts";
import type { ClientOptions, Containerd, Podman } from "./clients.ts";
import type { Docker } from "./docker.ts";

/** A client that copies an image from one registry to another. */
export interface PushClient {
  readonly name: ClientName;
  /** What it copies: every platform byte for byte, or one platform that it packs anew. */
  readonly keepsBytes: boolean;
  /** A client that packs anew gives the digest of what it pushed on stdout. */
  copy(from: string, to: string): Promise<Outcome>;
  /** Delete the manifest that a tag names; absent where the client has no such command. */
  remove?(image: string): Promise<Outcome>;
  /** Log in, without leaving anything behind; absent where that asks the registry nothing. */
  logIn?(host: string, account: string): Promise<Outcome>;
}

/** Every client that this suite knows. */
export type ClientName =
  | "skopeo"
  | "crane"
  | "oras"
  | "regctl"
  | "containerd"
  | "podman"
  | "docker";

/** The client that attaches artifacts to images, and finds them. */
export interface ArtifactClient {
  /** Push a file as an artifact that refers to an image. */
  attach(image: string, file: string): Promise<Outcome>;
  /** The referrers of an image, as JSON on stdout. */
  discover(image: string): Promise<Outcome>;
}

/** Clients that keep images themselves, started once. */
export interface LocalStores {
  readonly containerd: Containerd;
  readonly podman: Podman;
  readonly docker: Docker | undefined;
}

/** Who a client is to whom: `name:password` by host and port. */
export type Accounts = Readonly<Record<string, string>>;

const COPY_MS = 600_000;
const CHUNK_BYTES = 5_000_000;
/** Media type of what {@linkcode ArtifactClient} attaches. */
export const ARTIFACT_TYPE = "application/vnd.example.sbom";

type By = (program: string, args: readonly string[]) => Promise<Outcome>;

/**
 * Every client that is installed, each with its own way to push: skopeo and crane stream one PATCH,
 * oras, containerd and Docker send one PUT or PATCH, regctl many chunks.
 *
 * @param folder For the accounts, and whatever the clients keep.
 * @param hosts Registries that are spoken to without TLS.
 */
export async function pushClients(
  folder: string,
  accounts: Accounts,
  hosts: readonly string[],
  { containerd, podman, docker }: LocalStores,
): Promise<PushClient[]> {
  const env = writeAccounts(folder, accounts);
  const by: By = (program, args) => run(program, args, { env, timeoutMs: COPY_MS });
  const [crane, regctl, oras] = [findGoTool("crane"), findGoTool("regctl"), findGoTool("oras")];
  const found: (PushClient | undefined)[] = [
    skopeoClient(by, folder),
    crane === undefined ? undefined : craneClient(by, crane),
    oras === undefined ? undefined : orasClient(by, oras, folder),
    regctl === undefined ? undefined : await regctlClient(by, regctl, hosts),
    containerdClient(containerd, accounts),
    podmanClient(podman, accounts),
    docker && dockerClient(docker, folder),
  ];
  return found.filter((client) => client !== undefined);
}

function skopeoClient(by: By, folder: string): PushClient {
  const login = ["login", "--tls-verify=false", "--authfile", join(folder, "skopeo_login.json")];
  return {
    name: "skopeo",
    keepsBytes: true,
    copy: (from, to) => {
      const flags = ["--all", "--preserve-digests", "--src-tls-verify=false"];
      const images = [`docker://${from}`, `docker://${to}`];
      return by("skopeo", ["copy", ...flags, "--dest-tls-verify=false", ...images]);
    },
    remove: (image) => by("skopeo", ["delete", "--tls-verify=false", `docker://${image}`]),
    logIn: (host, account) => by("skopeo", [...login, ...loginFlags(account), host]),
  };
}

function craneClient(by: By, crane: string): PushClient {
  return {
    name: "crane",
    keepsBytes: true,
    copy: (from, to) => by(crane, ["copy", from, to]),
    remove: async (image) => {
      const digest = await by(crane, ["digest", image]);
      if (digest.status !== 0) return digest;
      return await by(crane, ["delete", `${withoutTag(image)}@${digest.stdout.trim()}`]);
    },
  };
}

function orasClient(by: By, oras: string, folder: string): PushClient {
  const plain = ["--from-plain-http", "--to-plain-http", "--no-tty"];
  const login = ["login", "--plain-http", "--registry-config", join(folder, "oras_login.json")];
  return {
    name: "oras",
    keepsBytes: true,
    copy: (from, to) => by(oras, ["cp", ...plain, from, to]),
    remove: (image) => by(oras, ["manifest", "delete", "--force", "--plain-http", image]),
    logIn: (host, account) => by(oras, [...login, ...loginFlags(account), host]),
  };
}

async function regctlClient(
  by: By,
  regctl: string,
  hosts: readonly string[],
): Promise<PushClient> {
  const chunks = ["--blob-max", String(CHUNK_BYTES), "--blob-chunk", String(CHUNK_BYTES)];
  for (const host of hosts) {
    await by(regctl, ["registry", "set", host, "--tls", "disabled", ...chunks]);
  }
  return {
    name: "regctl",
    keepsBytes: true,
    copy: (from, to) => by(regctl, ["image", "copy", from, to]),
    remove: (image) => by(regctl, ["manifest", "delete", "--force-tag-dereference", image]),
  };
}

function containerdClient(containerd: Containerd, accounts: Accounts): PushClient {
  return {
    name: "containerd",
    keepsBytes: true,
    copy: async (from, to) => {
      const fetched = await containerd.fetch("push", from, accountFor(accounts, from));
      if (fetched.status !== 0) return fetched;
      return await containerd.push("push", from, to, accountFor(accounts, to));
    },
  };
}

function podmanClient(podman: Podman, accounts: Accounts): PushClient {
  return {
    name: "podman",
    keepsBytes: false,
    copy: async (from, to) => {
      const pulled = await podman.pull(from, accountFor(accounts, from));
      if (pulled.status !== 0) return pulled;
      return await podman.push(from, to, accountFor(accounts, to));
    },
  };
}

function dockerClient({ docker, copy }: Docker, config: string): PushClient {
  return {
    name: "docker",
    keepsBytes: false,
    copy: (from, to) => copy(config, from, to),
    logIn: (host, account) =>
      docker(join(config, "docker_login"), "login", ...loginFlags(account), host),
  };
}

function accountFor(accounts: Accounts, image: string): ClientOptions {
  const credentials = accounts[image.slice(0, image.indexOf("/"))];
  return credentials === undefined ? {} : { credentials };
}

function loginFlags(account: string): string[] {
  const colon = account.indexOf(":");
  return ["--username", account.slice(0, colon), "--password", account.slice(colon + 1)];
}

function withoutTag(image: string): string {
  return image.slice(0, image.lastIndexOf(":"));
}

/** oras, where it is installed. */
export function artifactClient(folder: string, accounts: Accounts): ArtifactClient | undefined {
  const oras = findGoTool("oras");
  if (oras === undefined) return undefined;
  const env = writeAccounts(folder, accounts);
  const by = (args: readonly string[]): Promise<Outcome> => run(oras, args, { env, cwd: folder });
  return {
    attach: (image, file) => {
      const flags = ["--plain-http", "--no-tty", "--artifact-type", ARTIFACT_TYPE];
      return by(["attach", ...flags, image, `${file}:text/plain`]);
    },
    discover: (image) => by(["discover", "--plain-http", "--format", "json", image]),
  };
}

/** Accounts in the files and variables that the clients look for. */
function writeAccounts(folder: string, accounts: Accounts): Record<string, string> {
  mkdirSync(folder, { recursive: true });
  const auths = Object.fromEntries(
    Object.entries(accounts).map(([host, account]) => [host, { auth: btoa(account) }]),
  );
  const file = join(folder, "config.json");
  writeFileSync(file, JSON.stringify({ auths }));
  return {
    DOCKER_CONFIG: folder,
    REGISTRY_AUTH_FILE: file,
    REGCTL_CONFIG: join(folder, "regctl.json"),
  };
}
