import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { findCommand } from "../../tools/go_tools.ts";
import { type Outcome, run, type Running, startServer } from "../support/processes_node.ts";

/** A Docker daemon of its own, and its command line. */
export interface Docker extends Running {
  /** `docker ARGS`, with the accounts of a configuration folder. */
  docker(config: string, ...args: readonly string[]): Promise<Outcome>;
  /**
   * `docker pull` for this machine's platform, `docker tag` and `docker push`. The daemon unpacks the
   * layers and packs them anew; the digest of what was pushed goes to stdout.
   */
  copy(config: string, from: string, to: string): Promise<Outcome>;
}

const COPY_MS = 600_000;

/**
 * Start a Docker daemon that keeps everything in a folder and touches no network interface.
 *
 * @param folder Its socket's path must stay under 108 characters.
 * @returns Undefined where `docker` or `dockerd` is not installed, or may not run.
 */
export async function startDocker(folder: string): Promise<Docker | undefined> {
  const [client, daemon] = [findCommand("docker"), findCommand("dockerd")];
  if (client === undefined || daemon === undefined) return undefined;
  mkdirSync(folder, { recursive: true });
  const host = `unix://${join(folder, "docker.sock")}`;
  const running = await startServer(daemon, daemonArgs(folder, host), /API listen on/)
    .catch((error: unknown) => void console.log(`interop: no Docker daemon: ${error}`));
  if (running === undefined) return undefined;
  const docker = (config: string, ...args: readonly string[]): Promise<Outcome> =>
    run(client, ["--config", config, "--host", host, ...args], { timeoutMs: COPY_MS });
  return {
    ...running,
    docker,
    copy: async (config, from, to) => {
      const pulled = await docker(config, "pull", from);
      if (pulled.status !== 0) return pulled;
      await docker(config, "tag", from, to);
      const pushed = await docker(config, "push", to);
      const [digest = ""] = /sha256:[0-9a-f]{64}/.exec(pushed.stdout) ?? [];
      return { ...pushed, stdout: digest };
    },
  };
}

function daemonArgs(folder: string, host: string): string[] {
  return [
    ...["--host", host, "--pidfile", join(folder, "docker.pid"), "--storage-driver", "vfs"],
    ...["--data-root", join(folder, "data"), "--exec-root", join(folder, "exec")],
    ...["--bridge", "none", "--iptables=false", "--ip6tables=false"],
  ];
}
