import {
  type Clock,
  type Json,
  parseJson,
  Secret,
  systemClock,
  type Upstream,
} from "../core/mod.ts";
import type { Credential, CredentialProvider } from "./credential.ts";
import {
  broken,
  type DockerConfigMatch,
  findDockerCredential,
  parseDockerConfig,
  readDockerAuth,
  toCredential,
} from "./docker_config.ts";

/** What a `docker-credential-…` program answered. */
export interface HelperResult {
  readonly exitCode: number;
  readonly stdout: string;
}

/** The outside that docker's config needs. `dockerConfigHost` makes it where there are files. */
export interface DockerConfigHost {
  /** The file's text; undefined when there is no file. */
  readConfig(): Promise<string | undefined>;
  /**
   * Run `docker-credential-<helper> get` with `serverUrl` on standard input. Absent where processes
   * cannot run.
   */
  runHelper?(helper: string, serverUrl: string): Promise<HelperResult>;
}

/** Options of {@linkcode dockerConfigCredentials}. */
export interface DockerConfigCredentialsOptions {
  readonly clock?: Clock;
  /** How long an answer is kept before file and helper are asked again. Default is 60. */
  readonly keepSeconds?: number;
}

/** What helpers print when they have nothing for a registry. */
const NOT_FOUND = /credentials not found/i;

/**
 * The credentials that `docker login` and `podman login` stored: inline, or with credential helpers.
 *
 * A registry that the file does not name is anonymous. A file that is broken, or a helper that fails
 * or cannot run, is an error for the registries that it is for, and never leads to another entry.
 *
 * @throws {TidegateError} CREDENTIALS, from `get`; without anything that file or helper said.
 */
export function dockerConfigCredentials(
  host: DockerConfigHost,
  options: DockerConfigCredentialsOptions = {},
): CredentialProvider {
  const { clock = systemClock, keepSeconds = 60 } = options;
  const kept = new Map<string, { credential: Credential | undefined; until: number }>();
  return {
    id: "docker-config",
    async get(upstream: Upstream): Promise<Credential | undefined> {
      const known = kept.get(upstream.origin);
      if (known !== undefined && clock.now() < known.until) return known.credential;
      const credential = await load(host, upstream);
      kept.set(upstream.origin, { credential, until: clock.now() + 1000 * keepSeconds });
      return credential;
    },
    invalidate(upstream: Upstream): void {
      kept.delete(upstream.origin);
    },
  };
}

async function load(host: DockerConfigHost, upstream: Upstream): Promise<Credential | undefined> {
  const text = await host.readConfig();
  if (text === undefined) return undefined;
  const match = findDockerCredential(parseDockerConfig(text), upstream);
  if (match === undefined) return undefined;
  return match.kind === "entry" ? readDockerAuth(match.auth) : askHelper(host, match);
}

async function askHelper(
  host: DockerConfigHost,
  { helper, serverUrl, named }: DockerConfigMatch & { kind: "helper" },
): Promise<Credential | undefined> {
  if (host.runHelper === undefined) {
    if (!named) return undefined;
    throw broken(`the helper ${helper} cannot run here`);
  }
  const { exitCode, stdout } = await host.runHelper(helper, serverUrl);
  if (exitCode === 0) return readHelperAnswer(helper, stdout);
  if (NOT_FOUND.test(stdout)) return undefined;
  throw broken(`the helper ${helper} ended with ${exitCode}`); // its output may hold anything
}

function readHelperAnswer(helper: string, stdout: string): Credential {
  let answer: Json;
  try {
    answer = parseJson(stdout);
  } catch {
    throw broken(`the helper ${helper} answered no JSON`);
  }
  const { Username: username, Secret: secret } = (answer ?? {}) as Record<string, Json>;
  if (typeof username !== "string" || typeof secret !== "string" || secret === "") {
    throw broken(`the helper ${helper} answered without Username and Secret`);
  }
  return toCredential(username, new Secret(secret));
}
