import { type DockerConfigHost, isBoundTo } from "../auth/mod.ts";
import {
  decodeUtf8,
  encodeBase64,
  encodeUtf8,
  type Json,
  parseJson,
  TidegateError,
  type Upstream,
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

/** What a credential is filed under. */
export interface LoginKey {
  /** As docker writes it: a host, or `https://index.docker.io/v1/`. */
  readonly key: string;
  /** What it is for: other spellings of the same registry would be used, too. */
  readonly upstream: Upstream;
}

/** Where a credential went to, or was taken from. */
export interface LoginPlace {
  /** `config.json`, or the helper's name. */
  readonly place: string;
  readonly isHelper: boolean;
}

/**
 * Keep a credential as docker does: with the registry's helper if the config names one, else in the
 * file, base64. Entries that spell the registry otherwise are taken out: they would hide it.
 *
 * @throws {TidegateError} CREDENTIALS for a config that is no JSON object, or a helper that fails.
 */
export async function storeLogin(
  host: CliHost,
  place: LoginKey,
  login: Login,
): Promise<LoginPlace> {
  const config = await readConfig(host);
  const [filed] = helpersFor(config, place);
  if (filed !== undefined) {
    const { helper, serverUrl: ServerURL } = filed;
    const { username: Username, password: Secret } = login;
    const input = JSON.stringify({ ServerURL, Username, Secret });
    checkHelper(helper, await host.runHelper(helper, "store", input));
    await writeConfig(host, withAuth(config, place, {}));
    return { place: helper, isHelper: true };
  }
  const auth = encodeBase64(encodeUtf8(`${login.username}:${login.password}`));
  await writeConfig(host, withAuth(config, place, { auth }));
  return { place: host.dockerConfigPath, isHelper: false };
}

/**
 * Forget a credential, however the config spells its registry.
 *
 * @returns Undefined when there was none.
 * @throws {TidegateError} As {@linkcode storeLogin}.
 */
export async function eraseLogin(host: CliHost, place: LoginKey): Promise<LoginPlace | undefined> {
  const config = await readConfig(host);
  const helpers = helpersFor(config, place);
  const isNamed = namesFor(objectOf(config["auths"]), place).length > 0;
  for (const { helper, serverUrl } of helpers) {
    const result = await host.runHelper(helper, "erase", serverUrl);
    if (!/not found/i.test(result.stdout)) checkHelper(helper, result);
  }
  if (isNamed) await writeConfig(host, withAuth(config, place, undefined));
  if (helpers[0] !== undefined) return { place: helpers[0].helper, isHelper: true };
  return isNamed ? { place: host.dockerConfigPath, isHelper: false } : undefined;
}

/** A helper, and what it files a credential under. */
interface FiledLogin {
  readonly helper: string;
  readonly serverUrl: string;
}

/** Those that have the registry's credential, first the one that is asked for it. */
function helpersFor(config: JsonObject, place: LoginKey): readonly FiledLogin[] {
  const named = objectOf(config["credHelpers"]);
  const own = namesFor(named, place).flatMap((serverUrl) =>
    filedLogin(named[serverUrl], serverUrl)
  );
  if (own.length > 0) return own;
  const names = new Set([place.key, ...namesFor(objectOf(config["auths"]), place)]);
  return [...names].flatMap((serverUrl) => filedLogin(config["credsStore"], serverUrl));
}

function filedLogin(helper: Json | undefined, serverUrl: string): readonly FiledLogin[] {
  return typeof helper === "string" && helper !== "" ? [{ helper, serverUrl }] : [];
}

/** Names of entries that mean the registry, in the order in which they are looked for. */
function namesFor(entries: JsonObject, { key, upstream }: LoginKey): readonly string[] {
  const names = new Set([...upstream.profile.credentialKeys, ...Object.keys(entries)]);
  return [...names].filter((name) =>
    Object.hasOwn(entries, name) && (name === key || isBoundTo(name, upstream))
  );
}

function withAuth(config: JsonObject, place: LoginKey, entry: JsonObject | undefined): JsonObject {
  const entries = objectOf(config["auths"]);
  const bound = namesFor(entries, place);
  const others = Object.entries(entries).filter(([name]) => !bound.includes(name));
  const own = entry === undefined ? [] : [[place.key, entry] as const];
  return { ...config, auths: Object.fromEntries([...others, ...own]) };
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
