import type { DockerConfigHost } from "../auth/mod.ts";
import {
  decodeUtf8,
  encodeBase64,
  encodeUtf8,
  type Json,
  parseJson,
  TidegateError,
} from "../core/mod.ts";
import type { CliHost, ProgramResult } from "./host.ts";

/** Largest `config.json` that is read: what `parseDockerConfig` takes. */
const MAX_BYTES: number = 256 * 1024;

type JsonObject = Readonly<Record<string, Json>>;

/** Docker's config as the library reads it. */
export function dockerConfigOf(host: CliHost): DockerConfigHost {
  return {
    readConfig: () => readText(host),
    runHelper: (helper, serverUrl) => host.runHelper(helper, "get", serverUrl),
  };
}

/** A user name and password to keep. */
export interface Login {
  readonly username: string;
  /** In plain text: it goes into the file, or to the helper. */
  readonly password: string;
}

/** Where a credential went to, or was taken from. */
export interface LoginPlace {
  /** `config.json`, or the helper's name. */
  readonly place: string;
  readonly isHelper: boolean;
}

/**
 * Keep a credential as docker does: with the registry's helper if the config names one, else in the
 * file, base64.
 *
 * @param key What docker files the registry under: a host, or `https://index.docker.io/v1/`.
 * @throws {TidegateError} CREDENTIALS for a config that is no JSON object, or a helper that fails.
 */
export async function storeLogin(host: CliHost, key: string, login: Login): Promise<LoginPlace> {
  const config = await readConfig(host);
  const helper = helperFor(config, key);
  if (helper !== undefined) {
    const { username: Username, password: Secret } = login;
    const input = JSON.stringify({ ServerURL: key, Username, Secret });
    checkHelper(helper, await host.runHelper(helper, "store", input));
    await writeConfig(host, withAuth(config, key, {}));
    return { place: helper, isHelper: true };
  }
  const auth = encodeBase64(encodeUtf8(`${login.username}:${login.password}`));
  await writeConfig(host, withAuth(config, key, { auth }));
  return { place: host.dockerConfigPath, isHelper: false };
}

/**
 * Forget a credential.
 *
 * @returns Undefined when there was none.
 * @throws {TidegateError} As {@linkcode storeLogin}.
 */
export async function eraseLogin(host: CliHost, key: string): Promise<LoginPlace | undefined> {
  const config = await readConfig(host);
  const helper = helperFor(config, key);
  const isNamed = Object.hasOwn(objectOf(config["auths"]), key);
  if (helper !== undefined) {
    const result = await host.runHelper(helper, "erase", key);
    if (!/not found/i.test(result.stdout)) checkHelper(helper, result);
  }
  if (isNamed) await writeConfig(host, withAuth(config, key, undefined));
  if (helper !== undefined) return { place: helper, isHelper: true };
  return isNamed ? { place: host.dockerConfigPath, isHelper: false } : undefined;
}

function helperFor(config: JsonObject, key: string): string | undefined {
  const named = objectOf(config["credHelpers"])[key] ?? config["credsStore"];
  return typeof named === "string" && named !== "" ? named : undefined;
}

function withAuth(config: JsonObject, key: string, entry: JsonObject | undefined): JsonObject {
  const { [key]: _, ...others } = objectOf(config["auths"]);
  return { ...config, auths: entry === undefined ? others : { ...others, [key]: entry } };
}

async function readText({ files, dockerConfigPath }: CliHost): Promise<string | undefined> {
  const bytes = await files.read(dockerConfigPath, MAX_BYTES);
  return bytes === undefined ? undefined : decodeUtf8(bytes);
}

async function readConfig(host: CliHost): Promise<JsonObject> {
  const text = await readText(host);
  if (text === undefined || text.trim() === "") return {};
  let value: Json;
  try {
    value = parseJson(text);
  } catch {
    throw broken("it is not valid JSON"); // the parser's message may quote the file
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw broken("it is not an object");
  }
  return value as JsonObject;
}

async function writeConfig(host: CliHost, config: JsonObject): Promise<void> {
  const writer = await host.files.write(host.dockerConfigPath, 0o600);
  try {
    await writer.write(encodeUtf8(`${JSON.stringify(config, undefined, "\t")}\n`));
    await writer.close();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/** What it printed may hold anything, and is not shown. */
function checkHelper(helper: string, { exitCode }: ProgramResult): void {
  if (exitCode !== 0) throw broken(`the helper ${helper} ended with ${exitCode}`);
}

function objectOf(value: Json | undefined): JsonObject {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? value as JsonObject : {};
}

function broken(reason: string): TidegateError<"CREDENTIALS"> {
  return new TidegateError("CREDENTIALS", `Docker's config.json cannot be used: ${reason}`, {
    source: "docker config",
    reason,
  });
}
