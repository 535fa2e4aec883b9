import { broken, MAX_DOCKER_CONFIG_BYTES } from "./docker_config.ts";
import type { DockerConfigHost, HelperResult } from "./docker_config_credentials.ts";
import { processEnvironment } from "./environment_host.ts";

/** Longest run of a credential helper. Helpers that ask the user for a password need a while. */
const HELPER_TIMEOUT_MS = 30_000;

/** Most output of a helper: a user name and a token with room to spare. */
const MAX_HELPER_OUTPUT_BYTES: number = 128 * 1024;

/** The parts of Node's modules that are used; Deno and Bun have them too. */
interface NodeModules {
  "node:fs/promises": {
    stat(path: string): Promise<{ size: number }>;
    readFile(path: string, encoding: "utf8"): Promise<string>;
  };
  "node:child_process": {
    execFile(
      file: string,
      args: readonly string[],
      options: Readonly<Record<string, unknown>>,
      done: (error: (Error & { code?: unknown }) | null, stdout: string) => void,
    ): { stdin: { end(text: string): void; on(event: "error", listener: () => void): void } };
  };
}

function builtin<Name extends keyof NodeModules>(name: Name): NodeModules[Name] {
  const { process } = globalThis as {
    process?: { getBuiltinModule?(name: string): unknown };
  };
  const found = process?.getBuiltinModule?.(name);
  if (found === undefined) throw broken("files cannot be read here");
  return found as NodeModules[Name];
}

/** Options of {@linkcode dockerConfigHost}. */
export interface DockerConfigHostOptions {
  /** The file. Default is `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`. */
  readonly path?: string;
  /** Longest run of a helper, in milliseconds. Default is 30 000. */
  readonly helperTimeoutMs?: number;
}

/**
 * Docker's config on this machine, for Node, Deno and Bun. Helpers are run without a shell, with a
 * time limit and a cap on their output; what they print to standard error is dropped.
 */
export function dockerConfigHost(options: DockerConfigHostOptions = {}): DockerConfigHost {
  const { path = defaultPath(), helperTimeoutMs = HELPER_TIMEOUT_MS } = options;
  return {
    readConfig: () => readConfig(path),
    runHelper: (helper, serverUrl) => runHelper(helper, serverUrl, helperTimeoutMs),
  };
}

function defaultPath(): string | undefined {
  const directory = processEnvironment("DOCKER_CONFIG");
  if (directory) return `${directory}/config.json`;
  const home = processEnvironment("HOME") ?? processEnvironment("USERPROFILE");
  return home ? `${home}/.docker/config.json` : undefined;
}

async function readConfig(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const fs = builtin("node:fs/promises");
  try {
    const { size } = await fs.stat(path);
    if (size > MAX_DOCKER_CONFIG_BYTES) throw broken(`it is over ${MAX_DOCKER_CONFIG_BYTES} bytes`);
    return await fs.readFile(path, "utf8");
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return undefined;
    if ((error as { code?: unknown }).code === "CREDENTIALS") throw error;
    throw broken("it cannot be read", error);
  }
}

function runHelper(
  helper: string,
  serverUrl: string,
  timeout: number,
): Promise<HelperResult> {
  const settings = {
    timeout,
    killSignal: "SIGKILL",
    maxBuffer: MAX_HELPER_OUTPUT_BYTES,
    encoding: "utf8",
    windowsHide: true,
  };
  return new Promise((resolve, reject) => {
    const child = builtin("node:child_process").execFile(
      `docker-credential-${helper}`,
      ["get"],
      settings,
      (error, stdout) => {
        if (error === null) resolve({ exitCode: 0, stdout });
        else if (typeof error.code === "number") resolve({ exitCode: error.code, stdout });
        else reject(broken(helperFailure(helper, error.code)));
      },
    );
    child.stdin.on("error", () => {}); // a helper may end without reading
    child.stdin.end(serverUrl);
  });
}

/** No cause goes with it: Node's error repeats the helper's output. */
function helperFailure(helper: string, code: unknown): string {
  if (code === "ENOENT") return `the helper docker-credential-${helper} is not installed`;
  if (code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER") return `the helper ${helper} wrote too much`;
  return `the helper ${helper} was stopped or cannot run`;
}
