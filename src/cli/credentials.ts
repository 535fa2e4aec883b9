import {
  basicCredential,
  type Credential,
  type CredentialProvider,
  dockerConfigCredentials,
  environmentCredentials,
  firstCredentials,
  isBoundTo,
} from "../auth/mod.ts";
import { concatBytes, decodeUtf8, Secret, type Upstream } from "../core/mod.ts";
import { type CliSettings, upstreamOf } from "./cli_settings.ts";
import type { CommandContext } from "./command.ts";
import { dockerConfigOf } from "./docker_config_file.ts";
import type { CliHost } from "./host.ts";
import { UsageError } from "./usage_error.ts";

const MAX_PASSWORD_BYTES: number = 64 * 1024; // a token with room to spare

/** Variables of a user name and password, and of the registry that they are for. */
const VARIABLES = [
  ["TIDEGATE_USERNAME", "TIDEGATE_PASSWORD", "TIDEGATE_REGISTRY"],
  ["DOCKER_USERNAME", "DOCKER_PASSWORD", "DOCKER_REGISTRY"],
] as const;

/**
 * Where a command finds credentials, the first that fits: its options, for one registry alone; the
 * environment, for one registry alone; the settings, for Docker Hub alone; docker's config.
 *
 * @param registry What `--username` is for, unless `--registry` says something else.
 * @throws {UsageError} For half a credential, or one for no registry.
 */
export async function commandCredentials(
  context: CommandContext,
  settings: CliSettings,
  registry: string | undefined,
): Promise<CredentialProvider> {
  const name = context.options.text("registry") ?? registry;
  if (context.options.text("username") !== undefined && name === undefined) throw notOne();
  const upstream = name === undefined ? undefined : upstreamOf(settings, name);
  const given = await givenCredential(context, upstream);
  return firstCredentials(
    ...(given && upstream ? [boundTo(upstream, given)] : []),
    ...environmentProviders(context.host),
    ...(settings.options.client.credentials ? [settings.options.client.credentials] : []),
    dockerConfigCredentials(dockerConfigOf(context.host)),
  );
}

/**
 * Refuse to choose: `--username` without `--registry` is for one registry alone. Called before the
 * first client is opened.
 *
 * @param registries All that the command is about; undefined for what is in none.
 * @throws {UsageError} When there are several.
 */
export function assertOneRegistry(
  { options }: CommandContext,
  registries: Iterable<string | undefined>,
): void {
  if (options.text("username") === undefined || options.text("registry") !== undefined) return;
  const names = new Set(registries);
  names.delete(undefined);
  if (names.size > 1) throw notOne();
}

function notOne(): UsageError {
  return new UsageError("--username is for one registry: name it with --registry");
}

function boundTo({ origin }: Upstream, credential: Credential): CredentialProvider {
  return {
    id: "command-line",
    get: (upstream) => Promise.resolve(upstream.origin === origin ? credential : undefined),
  };
}

function environmentProviders({ env }: CliHost): CredentialProvider[] {
  const lookup = (name: string): string | undefined => env[name];
  return VARIABLES.filter(([username]) => env[username]).map(([username, password, registry]) =>
    environmentCredentials({
      registry: env[registry] || "docker.io",
      lookup,
      username: [username],
      password: [password],
    })
  );
}

/** What `--username` and its password come to. */
async function givenCredential(
  context: CommandContext,
  upstream: Upstream | undefined,
): Promise<Credential | undefined> {
  const username = context.options.text("username");
  const password = await givenPassword(context);
  if (username === undefined) {
    if (password === undefined) return undefined;
    throw new UsageError("A password needs --username");
  }
  const secret = password ?? environmentPassword(context.host, username, upstream);
  if (secret === undefined) {
    throw new UsageError(
      "--username needs --password-stdin, or DOCKER_PASSWORD in the environment",
    );
  }
  return toCredential(username, secret);
}

/** A user name and password as they can be sent. */
export function toCredential(username: string, password: Secret): Credential & { kind: "basic" } {
  if (/[:\u0000-\u001f\u007f]/.test(username) || password.length === 0) {
    throw new UsageError(
      "A user name has no colon and no control characters; a password is not empty",
    );
  }
  return basicCredential(username, password) as Credential & { kind: "basic" };
}

/** The password that options give: as a word, which is warned about, or on standard input. */
export async function givenPassword(context: CommandContext): Promise<Secret | undefined> {
  const { host, options, output } = context;
  const word = options.text("password");
  if (options.flag("password-stdin")) {
    if (word !== undefined) {
      throw new UsageError("--password and --password-stdin exclude each other");
    }
    return await stdinPassword(host);
  }
  if (word === undefined) return undefined;
  output.warn("Warning: other processes can see --password; --password-stdin is better");
  return new Secret(word);
}

/** One whose variables say nothing of another user name, or of another registry. */
function environmentPassword(
  { env }: CliHost,
  username: string,
  upstream: Upstream | undefined,
): Secret | undefined {
  for (const [name, password, registry] of VARIABLES) {
    const [user, value, host] = [env[name], env[password], env[registry]];
    const isForIt = !host || (upstream !== undefined && isBoundTo(host, upstream));
    if (value && isForIt && (!user || user === username)) return new Secret(value);
  }
  return undefined;
}

/** What was read: a command may open several clients, and standard input can be read once. */
const STDIN_PASSWORDS = new WeakMap<CliHost, Promise<Secret>>();

function stdinPassword(host: CliHost): Promise<Secret> {
  const password = STDIN_PASSWORDS.get(host) ?? readPassword(host);
  STDIN_PASSWORDS.set(host, password);
  return password;
}

async function readPassword(host: CliHost): Promise<Secret> {
  const bytes = await readStdin(host, MAX_PASSWORD_BYTES);
  const secret = new Secret(decodeUtf8(bytes).replace(/\r?\n$/, ""));
  if (secret.length === 0) throw new UsageError("There is no password on standard input");
  return secret;
}

/** Standard input to its end. */
export async function readStdin(host: CliHost, maximum: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of host.stdin()) {
    size += chunk.length;
    if (size > maximum) throw new UsageError(`Standard input has more than ${maximum} bytes`);
    chunks.push(chunk);
  }
  return concatBytes(chunks);
}
