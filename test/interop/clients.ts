import { createHash } from "node:crypto";
import {
  createReadStream,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Outcome, run, type Running, startServer } from "../support/processes_node.ts";

/** How a client proves who it is: `name:password`. */
export interface ClientOptions {
  readonly credentials?: string;
  readonly timeoutMs?: number;
}

const PULL_MS = 300_000;

/** What a command said when it failed; empty when it went well. */
export function failure({ status, stderr }: Outcome): string {
  return status === 0 ? "" : `exit ${status}: ${stderr}`;
}

/** `skopeo copy` into a folder of files, one for each blob; the whole index with `--all`. */
export function skopeoPull(
  image: string,
  folder: string,
  { credentials, timeoutMs = PULL_MS }: ClientOptions = {},
): Promise<Outcome> {
  const auth = credentials === undefined ? ["--src-no-creds"] : ["--src-creds", credentials];
  const flags = ["--all", "--src-tls-verify=false", "--preserve-digests", ...auth];
  return run("skopeo", ["copy", ...flags, `docker://${image}`, `dir:${folder}`], { timeoutMs });
}

/** `skopeo copy` from an OCI layout to a registry. */
export async function skopeoPush(
  layout: string,
  tag: string,
  image: string,
  { credentials }: ClientOptions = {},
): Promise<void> {
  const auth = credentials === undefined ? ["--dest-no-creds"] : ["--dest-creds", credentials];
  const flags = ["--all", "--dest-tls-verify=false", "--preserve-digests", ...auth];
  const args = ["copy", ...flags, `oci:${layout}:${tag}`, `docker://${image}`];
  const { status, stderr } = await run("skopeo", args, { timeoutMs: PULL_MS });
  if (status !== 0) throw new Error(`skopeo could not push ${image}: ${stderr}`);
}

/** Any other skopeo command that asks one image: `inspect`, `list-tags`. */
export function skopeo(
  command: string | readonly string[],
  image: string,
  { credentials }: ClientOptions = {},
): Promise<Outcome> {
  const auth = credentials === undefined ? ["--no-creds"] : ["--creds", credentials];
  return run("skopeo", [...[command].flat(), "--tls-verify=false", ...auth, `docker://${image}`]);
}

/** SHA-256 of every file of a folder, by name: what a pull left behind. */
export async function digestsOf(folder: string): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const name of readdirSync(folder).sort()) {
    const hash = createHash("sha256");
    for await (const chunk of createReadStream(join(folder, name))) hash.update(chunk);
    digests[name] = hash.digest("hex");
  }
  return digests;
}

/** Podman with a store of its own. */
export interface Podman {
  /** Pull an image for linux/amd64, unpacking its layers into plain folders. */
  pull(image: string, options?: ClientOptions): Promise<Outcome>;
  /** Pack a pulled image's layers anew and push them; the digest of what was pushed goes to stdout. */
  push(image: string, target: string, options?: ClientOptions): Promise<Outcome>;
  /** Take the images of an archive as `docker save` writes them. */
  load(archive: string): Promise<Outcome>;
  /** The digest under which a pulled image is kept. */
  digest(image: string): Promise<string>;
  /** The diff id of every layer, as podman computed them from the unpacked bytes. */
  layers(image: string): Promise<readonly string[]>;
  /** Remove what lies outside of the folder. */
  close(): void;
}

/** A podman that keeps everything in a folder. */
export function podman(folder: string): Podman {
  const store = ["--storage-driver", "vfs", "--root", join(folder, "root")];
  const runroot = mkdtempSync(join(tmpdir(), "podman-")); // podman wants at most 50 characters
  const global = [...store, "--runroot", runroot, "--cgroup-manager", "cgroupfs"];
  const inspect = async (format: string, image: string): Promise<string> => {
    const args = ["image", "inspect", "--format", format, image];
    return (await run("podman", [...global, ...args])).stdout.trim();
  };
  return {
    pull: (image, { credentials, timeoutMs = PULL_MS } = {}) => {
      const auth = credentials === undefined ? [] : ["--creds", credentials];
      const args = ["pull", "--quiet", "--tls-verify=false", ...auth, image];
      return run("podman", [...global, ...args], { timeoutMs });
    },
    push: async (image, target, { credentials, timeoutMs = PULL_MS } = {}) => {
      const auth = credentials === undefined ? [] : ["--creds", credentials];
      const file = join(folder, "digest");
      const flags = ["--quiet", "--tls-verify=false", "--digestfile", file, ...auth];
      const args = [...global, "push", ...flags, image, `docker://${target}`];
      const outcome = await run("podman", args, { timeoutMs });
      return outcome.status === 0 ? { ...outcome, stdout: readFileSync(file, "utf8") } : outcome;
    },
    load: (archive) => run("podman", [...global, "load", "--quiet", "--input", archive]),
    digest: (image) => inspect("{{.Digest}}", image),
    close: () => rmSync(runroot, { recursive: true, force: true }),
    layers: async (image) =>
      JSON.parse(await inspect("{{json .RootFS.Layers}}", image) || "[]") as string[],
  };
}

/** A containerd of its own on a private socket, without the Kubernetes plugin. */
export interface Containerd extends Running {
  /** `ctr content fetch` into a namespace that shares nothing: every blob comes over the wire. */
  fetch(namespace: string, image: string, options?: ClientOptions): Promise<Outcome>;
  /** `ctr images push` of what a namespace has fetched, under another name. */
  push(
    namespace: string,
    image: string,
    target: string,
    options?: ClientOptions,
  ): Promise<Outcome>;
  /** Digests in a namespace's content store: containerd verified each of them. */
  content(namespace: string): Promise<readonly string[]>;
}

/** Start containerd in a folder. */
export async function startContainerd(folder: string): Promise<Containerd> {
  mkdirSync(folder, { recursive: true });
  const socket = join(folder, "containerd.sock");
  const config = join(folder, "config.toml");
  writeFileSync(config, containerdConfig(folder, socket));
  const running = await startServer("containerd", ["--config", config], /successfully booted/);
  const ctr = (args: readonly string[], timeoutMs = PULL_MS): Promise<Outcome> =>
    run("ctr", ["--address", socket, ...args], { timeoutMs });
  return {
    ...running,
    fetch: (namespace, image, { credentials, timeoutMs } = {}) => {
      const auth = credentials === undefined ? [] : ["--user", credentials];
      const flags = ["--plain-http", "--all-platforms", ...auth];
      return ctr(["--namespace", namespace, "content", "fetch", ...flags, image], timeoutMs);
    },
    push: (namespace, image, target, { credentials, timeoutMs } = {}) => {
      const auth = credentials === undefined ? [] : ["--user", credentials];
      const args = ["images", "push", "--plain-http", ...auth, target, image];
      return ctr(["--namespace", namespace, ...args], timeoutMs);
    },
    content: async (namespace) => {
      const { stdout } = await ctr(["--namespace", namespace, "content", "ls", "--quiet"]);
      return stdout.split("\n").filter((line) => line.startsWith("sha256:")).sort();
    },
  };
}

function containerdConfig(folder: string, socket: string): string {
  return `version = 2
root = "${join(folder, "root")}"
state = "${join(folder, "state")}"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
address = "${socket}"
[ttrpc]
address = "${socket}.ttrpc"
[plugins."io.containerd.metadata.v1.bolt"]
content_sharing_policy = "isolated"
`;
}
