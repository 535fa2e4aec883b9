import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findGoTool } from "../../tools/go_tools.ts";
import { type Outcome, run } from "../support/processes_node.ts";

/** A client that copies an image with all its platforms from one registry to another. */
export interface PushClient {
  readonly name: string;
  copy(from: string, to: string): Promise<Outcome>;
}

/** The client that attaches artifacts to images, and finds them. */
export interface ArtifactClient {
  /** Push a file as an artifact that refers to an image. */
  attach(image: string, file: string): Promise<Outcome>;
  /** The referrers of an image, as JSON on stdout. */
  discover(image: string): Promise<Outcome>;
}

/** Who a client is to whom: `name:password` by host and port. */
export type Accounts = Readonly<Record<string, string>>;

const COPY_MS = 600_000;
const CHUNK_BYTES = 5_000_000;
/** Media type of what {@linkcode ArtifactClient} attaches. */
export const ARTIFACT_TYPE = "application/vnd.example.sbom";

/**
 * Every client that is installed, each with its own way to push: skopeo and crane stream one PATCH,
 * oras sends one PUT, regctl many chunks.
 *
 * @param hosts Registries that are spoken to without TLS.
 */
export async function pushClients(
  folder: string,
  accounts: Accounts,
  hosts: readonly string[],
): Promise<PushClient[]> {
  const env = writeAccounts(folder, accounts);
  const by = (program: string, args: readonly string[]): Promise<Outcome> =>
    run(program, args, { env, timeoutMs: COPY_MS });
  const clients: PushClient[] = [{
    name: "skopeo",
    copy: (from, to) => {
      const flags = ["--all", "--preserve-digests", "--src-tls-verify=false"];
      const images = [`docker://${from}`, `docker://${to}`];
      return by("skopeo", ["copy", ...flags, "--dest-tls-verify=false", ...images]);
    },
  }];
  const [crane, regctl, oras] = [findGoTool("crane"), findGoTool("regctl"), findGoTool("oras")];
  if (crane) clients.push({ name: "crane", copy: (from, to) => by(crane, ["copy", from, to]) });
  if (oras) {
    const flags = ["--from-plain-http", "--to-plain-http", "--no-tty"];
    clients.push({ name: "oras", copy: (from, to) => by(oras, ["cp", ...flags, from, to]) });
  }
  if (regctl) {
    const chunks = ["--blob-max", String(CHUNK_BYTES), "--blob-chunk", String(CHUNK_BYTES)];
    for (const host of hosts) {
      await by(regctl, ["registry", "set", host, "--tls", "disabled", ...chunks]);
    }
    const copy = (from: string, to: string) => by(regctl, ["image", "copy", from, to]);
    clients.push({ name: "regctl", copy });
  }
  return clients;
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
