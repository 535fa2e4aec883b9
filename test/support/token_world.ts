import {
  anonymousCredentials,
  type Authorizer,
  createAuthorizer,
  createTokenCache,
  type CredentialProvider,
  type TokenCache,
} from "../../src/auth/mod.ts";
import {
  encodeBase64,
  encodeBase64Url,
  encodeHex,
  encodeUtf8,
  type Fetch,
  type RegistryRequest,
  Secret,
  type Upstream,
} from "../../src/core/mod.ts";
import { type KvStore, memoryKv } from "../../src/kv/mod.ts";
import type { TidegateEvent } from "../../src/observability/mod.ts";
import { decideOrigin, resolveUpstream } from "../../src/upstream/mod.ts";
import { createTestClock, type TestClock } from "./test_clock.ts";

/** A request as a fake server saw it. */
export interface Seen {
  readonly method: string;
  readonly url: URL;
  readonly authorization: string | null;
  /** A form's fields. */
  readonly form: URLSearchParams;
}

/** What a fake server answers. */
export type Handler = (seen: Seen) => Response | Promise<Response>;

/** A server that takes its time, so that whoever else wants something asks before it has answered. */
export function slowly(handler: Handler): Handler {
  return async (seen) => {
    const answer = await handler(seen);
    await new Promise((resolve) => setTimeout(resolve, 2));
    return answer;
  };
}

/** A store whose whole content can be looked at. */
export interface OpenKv extends KvStore {
  readonly content: Map<string, Uint8Array>;
}

/** A `KvStore` over a plain map; times to live are ignored, as a late store would. */
export function openKv(): OpenKv {
  const content = new Map<string, Uint8Array>();
  return {
    content,
    get: (key) =>
      Promise.resolve(content.has(key) ? content.get(key)?.slice() as never : undefined),
    put: (key, value) => Promise.resolve(void content.set(key, value.slice())),
    delete: (key) => Promise.resolve(void content.delete(key)),
  };
}

/** Options of {@linkcode createWorld}. */
export interface WorldOptions {
  readonly host?: string;
  readonly upstream?: Upstream;
  readonly credentials?: CredentialProvider;
  /** By origin. What is not here cannot be reached. */
  readonly servers: Readonly<Record<string, Handler>>;
  readonly kv?: KvStore;
  readonly clock?: TestClock;
  readonly sealingKeys?: readonly Secret[];
}

/** A registry client as small as can be around an authorizer, before fake servers. */
export interface World {
  readonly clock: TestClock;
  readonly seen: Seen[];
  readonly events: TidegateEvent[];
  readonly authorizer: Authorizer;
  readonly tokens: TokenCache;
  /** Send a request as the transport does: as often as the authorizer has another header. */
  send(request?: Partial<RegistryRequest> & { path?: string }): Promise<Response>;
  /** The same stores, a new process: another authorizer, another token cache. */
  restart(): World;
  /** The requests that an origin saw. */
  at(origin: string): Seen[];
}

/** @see {@linkcode World} */
export function createWorld(options: WorldOptions): World {
  const { clock = createTestClock(), credentials = anonymousCredentials } = options;
  const { upstream = resolveUpstream(options.host ?? "registry.example"), servers } = options;
  const { kv = memoryKv({ clock }), sealingKeys = [new Secret("k".repeat(32))] } = options;
  const seen: Seen[] = [];
  const events: TidegateEvent[] = [];
  const observer = (event: TidegateEvent): void => void events.push(event);
  const fetch: Fetch = async (request) => {
    const entry = await look(request);
    seen.push(entry);
    const handler = servers[entry.url.origin];
    if (handler === undefined) throw new TypeError("fetch failed");
    return await handler(entry);
  };
  const tokens = createTokenCache({ kv, clock, observer, sealingKeys });
  const realmPolicy = (
    target: string,
    from?: string,
  ): { url: string; credentials: boolean } => {
    const use = "realm";
    const home = `${upstream.origin}/v2/`;
    if (from !== undefined) ({ url: target } = decideOrigin({ use, upstream, from, target }));
    return decideOrigin({ use, upstream, from: home, target });
  };
  const authorizer = createAuthorizer({
    upstream,
    credentials,
    tokens,
    exchange: fetch,
    realmPolicy,
    clock,
    observer,
  });
  return {
    clock,
    seen,
    events,
    authorizer,
    tokens,
    send: (request) => send(authorizer, fetch, upstream, request),
    restart: () => createWorld({ ...options, kv, clock }),
    at: (origin) => seen.filter(({ url }) => url.origin === origin),
  };
}

async function look(request: Request): Promise<Seen> {
  const body = request.method === "POST" ? await request.text() : "";
  return {
    method: request.method,
    url: new URL(request.url),
    authorization: request.headers.get("authorization"),
    form: new URLSearchParams(body),
  };
}

async function send(
  authorizer: Authorizer,
  fetch: Fetch,
  upstream: Upstream,
  { path = "/v2/acme/app/manifests/v1", ...rest }: Partial<RegistryRequest> & { path?: string } =
    {},
): Promise<Response> {
  const request: RegistryRequest = {
    method: "GET",
    url: `${upstream.origin}${path}`,
    headers: {},
    kind: "manifest",
    scopes: ["repository:acme/app:pull"],
    ...rest,
  };
  let header = await authorizer.authorization(request);
  for (let tries = 0;; tries++) {
    if (tries > 8) throw new Error("The authorizer does not stop");
    const response = await fetch(
      new Request(request.url, {
        method: request.method,
        headers: header === undefined ? {} : { authorization: header },
      }),
    );
    if (response.status !== 401 && response.status !== 403) return response;
    const { status, headers } = response;
    header = await authorizer.answer(request, { status, headers, url: request.url }, header);
    if (header === undefined) return response;
  }
}

/** A 401 with a Bearer challenge. */
export function challenge(realm: string, extra = ""): Response {
  const header = `Bearer realm="${realm}",service="registry.example"${extra}`;
  return new Response(null, { status: 401, headers: { "www-authenticate": header } });
}

/** A 401 with a Basic challenge. */
export function basicChallenge(): Response {
  return new Response(null, { status: 401, headers: { "www-authenticate": 'Basic realm="x"' } });
}

/** A token endpoint's answer. */
export function tokenAnswer(token: string, fields: Record<string, unknown> = {}): Response {
  return Response.json({ token, expires_in: 300, ...fields });
}

/** A secret in the forms in which it must not appear anywhere. */
export function spellings(secret: string): string[] {
  const bytes = encodeUtf8(secret);
  const inBasic = [0, 1, 2].map((shift) => encodeBase64(bytes.slice(shift)).slice(0, -4));
  return [
    secret,
    [...secret].reverse().join(""),
    encodeURIComponent(secret),
    encodeHex(bytes),
    encodeHex(bytes).toUpperCase(),
    encodeBase64(bytes),
    encodeBase64Url(bytes),
    ...inBasic, // within the base64 of user:password, at any offset
  ];
}

/** All that an error shows, its causes included. */
export function showError(error: unknown): string {
  const parts: string[] = [];
  for (let e = error; e instanceof Error; e = e.cause) {
    parts.push(String(e), e.stack ?? "", JSON.stringify(e), JSON.stringify(Object.entries(e)));
  }
  return parts.join("\n");
}
