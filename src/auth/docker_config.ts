import {
  decodeBase64,
  decodeUtf8,
  excerpt,
  isJsonObject,
  type Json,
  type JsonObject,
  parseJson,
  Secret,
  TidegateError,
  type Upstream,
} from "../core/mod.ts";
import { isBoundTo } from "./bound_to.ts";
import type { Credential } from "./credential.ts";

/** What docker's `config.json` says about credentials; the rest of the file is not looked at. */
export interface DockerConfig {
  readonly auths: ReadonlyMap<string, DockerAuth>;
  /** Registry → suffix of a `docker-credential-…` program. */
  readonly credHelpers: ReadonlyMap<string, string>;
  /** The helper for every registry that has no other. */
  readonly credsStore?: string;
}

/** One entry of `auths`, not yet decoded: a broken entry fails only the registry that it is for. */
export interface DockerAuth {
  readonly auth?: Secret;
  readonly username?: string;
  readonly password?: Secret;
  readonly identitytoken?: Secret;
  readonly registrytoken?: Secret;
}

/** Where a config files an upstream's credential. */
export type DockerConfigMatch =
  | { readonly kind: "entry"; readonly auth: DockerAuth }
  | {
    readonly kind: "helper";
    readonly helper: string;
    readonly serverUrl: string;
    /** The config names this registry: that its helper cannot run is then an error, not anonymous. */
    readonly named: boolean;
  };

/** Largest config.json read. One with a hundred registries is under 64 KiB. */
export const MAX_DOCKER_CONFIG_BYTES: number = 256 * 1024;

/** A name that cannot leave the directory of helpers nor become an option. */
const HELPER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/**
 * Read docker's `config.json`.
 *
 * @throws {TidegateError} CREDENTIALS when it is over 256 KiB, is no JSON object, has a key twice, or
 * something in it has another type than docker writes. The message shows no value.
 */
export function parseDockerConfig(text: string | Uint8Array): DockerConfig {
  if (text.length > MAX_DOCKER_CONFIG_BYTES) {
    throw broken(`it is over ${MAX_DOCKER_CONFIG_BYTES} bytes`);
  }
  const root = asObject(parse(text), "the file");
  const auths = new Map<string, DockerAuth>();
  for (const [registry, entry] of entriesOf(root, "auths")) {
    auths.set(registry, readAuth(asObject(entry, `auths of ${excerpt(registry, 64)}`)));
  }
  const credHelpers = new Map<string, string>();
  for (const [registry, helper] of entriesOf(root, "credHelpers")) {
    // an empty name means none, as for credsStore
    if (helper !== "") credHelpers.set(registry, asHelper(helper, "credHelpers"));
  }
  const store = own(root, "credsStore");
  return {
    auths,
    credHelpers,
    ...(store === undefined || store === "" ? {} : { credsStore: asHelper(store, "credsStore") }),
  };
}

/**
 * Find what a config has for an upstream: its helper in `credHelpers`, else its entry in `auths` if
 * there is anything in it, else the `credsStore`. Registries match by exact origin; what is filed
 * under another one is never used.
 */
export function findDockerCredential(
  config: DockerConfig,
  upstream: Upstream,
): DockerConfigMatch | undefined {
  const named = find(config.credHelpers, upstream);
  if (named !== undefined) {
    return { kind: "helper", helper: named[1], serverUrl: named[0], named: true };
  }
  const entry = find(config.auths, upstream);
  if (entry !== undefined && Object.keys(entry[1]).length > 0) {
    return { kind: "entry", auth: entry[1] };
  }
  if (config.credsStore === undefined) return undefined;
  const serverUrl = entry?.[0] ?? defaultKey(upstream);
  return { kind: "helper", helper: config.credsStore, serverUrl, named: entry !== undefined };
}

/**
 * Decode an entry of `auths`.
 *
 * @returns Undefined when it holds a user name without a password.
 * @throws {TidegateError} CREDENTIALS when `auth` is not base64 of `user:password`.
 */
export function readDockerAuth(entry: DockerAuth): Credential | undefined {
  if (entry.registrytoken !== undefined) return { kind: "bearer", token: entry.registrytoken };
  const pair = entry.auth === undefined ? undefined : decodeAuth(entry.auth);
  const username = pair?.username ?? entry.username;
  if (entry.identitytoken !== undefined) {
    return { kind: "identity", token: entry.identitytoken, ...(username ? { username } : {}) };
  }
  const password = pair?.password ?? entry.password;
  if (username === undefined || password === undefined || password.length === 0) return undefined;
  return toCredential(username, password);
}

/** Docker's convention: the user name `<token>` says that the password is an identity token. */
export function toCredential(username: string, password: Secret): Credential {
  if (username === "<token>") return { kind: "identity", token: password };
  if (/[:\u0000-\u001f\u007f]/.test(username)) {
    throw broken("a user name has a colon or a control character");
  }
  return { kind: "basic", username, password };
}

/** A CREDENTIALS error about docker's config. `reason` must hold no value from it. */
export function broken(reason: string, cause?: unknown): TidegateError<"CREDENTIALS"> {
  return new TidegateError("CREDENTIALS", `docker's config.json cannot be used: ${reason}`, {
    source: "docker config",
    reason,
  }, cause === undefined ? undefined : { cause });
}

function parse(text: string | Uint8Array): Json {
  try {
    return parseJson(text);
  } catch {
    throw broken("it is not valid JSON"); // the parser's message may quote the file
  }
}

function decodeAuth(auth: Secret): { username: string; password: Secret } | undefined {
  const encoded = auth.reveal();
  if (encoded === "") return undefined;
  let text: string;
  try {
    text = decodeUtf8(decodeBase64(encoded));
  } catch {
    throw broken("an auth is not base64");
  }
  const colon = text.indexOf(":");
  if (colon < 1) throw broken("an auth is not user:password");
  const password = text.slice(colon + 1).replace(/\0+$/, ""); // docker pads with NUL
  return { username: text.slice(0, colon), password: new Secret(password) };
}

function readAuth(entry: JsonObject): DockerAuth {
  const secret = (key: string): Secret | undefined => {
    const value = own(entry, key);
    if (value === undefined || value === "") return undefined;
    return new Secret(asString(value, key));
  };
  const username = own(entry, "username");
  const fields = {
    auth: secret("auth"),
    username: username === undefined || username === ""
      ? undefined
      : asString(username, "username"),
    password: secret("password"),
    identitytoken: secret("identitytoken"),
    registrytoken: secret("registrytoken"),
  };
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as DockerAuth;
}

function find<T>(
  map: ReadonlyMap<string, T>,
  upstream: Upstream,
): readonly [string, T] | undefined {
  for (const key of upstream.profile.credentialKeys) {
    const value = map.get(key);
    if (value !== undefined && isBoundTo(key, upstream)) return [key, value];
  }
  return [...map].find(([key]) => isBoundTo(key, upstream));
}

function defaultKey(upstream: Upstream): string {
  const known = upstream.profile.credentialKeys.find((key) => isBoundTo(key, upstream));
  return known ?? new URL(upstream.origin).host;
}

function entriesOf(root: JsonObject, key: string): [string, Json][] {
  const value = own(root, key);
  return value === undefined ? [] : Object.entries(asObject(value, key));
}

function own(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] ?? undefined : undefined;
}

function asObject(value: Json, what: string): JsonObject {
  if (isJsonObject(value)) return value;
  throw broken(`${what} is not an object`);
}

function asString(value: Json, what: string): string {
  if (typeof value !== "string") throw broken(`${what} is not a string`);
  return value;
}

function asHelper(value: Json, what: string): string {
  const helper = asString(value, what);
  if (!HELPER_NAME.test(helper)) throw broken(`${what} has a name that is no helper's`);
  return helper;
}
