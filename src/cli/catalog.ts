import { type CallOptions, responseFailure } from "../client/mod.ts";
import {
  type Json,
  MAX_PAGES,
  MAX_TAGS_BODY_BYTES,
  parseJson,
  readCapped,
  type RegistryResponse,
  type Send,
  TidegateError,
} from "../core/mod.ts";
import { isRepositoryName } from "../reference/mod.ts";
import { createTransport } from "../transport/mod.ts";
import type { CommandContext } from "./command.ts";
import type { OpenedClient } from "./open_client.ts";

const PAGE_SIZE = 1000;

/**
 * List the repositories of a registry, page by page (`/v2/_catalog`: distribution's, which is in no
 * specification; large public registries do not have it).
 *
 * @throws {TidegateError} UNSUPPORTED where the registry has no catalog; INVALID_RESPONSE;
 * LIMIT_EXCEEDED; what else the registry answers: all while iterating.
 */
export async function* listCatalog(
  context: CommandContext,
  { options, upstreamOf }: OpenedClient,
  registry: string,
  { signal }: CallOptions,
): AsyncGenerator<string, void> {
  const upstream = upstreamOf(registry);
  const send = createTransport({ ...options, ...options.transport, upstream });
  let last: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const names = await readPage(context, send, pageUrl(upstream.origin, last), registry, signal);
    const fresh = last === undefined ? names : names.filter((name) => name !== last);
    yield* fresh;
    // one that knows no `last` sends the same page again: that is the end, not a circle
    if (names.length < PAGE_SIZE || names.at(-1) === last) return;
    last = names.at(-1);
  }
}

function pageUrl(origin: string, last: string | undefined): string {
  const query = new URLSearchParams({ n: String(PAGE_SIZE), ...(last !== undefined && { last }) });
  return `${origin}/v2/_catalog?${query}`;
}

async function readPage(
  { clock }: CommandContext,
  send: Send,
  url: string,
  registry: string,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const response: RegistryResponse = await send({
    ...{ method: "GET", url, kind: "api", headers: { accept: "application/json" } },
    scopes: ["registry:catalog:*"],
    ...(signal && { signal }),
  });
  if (response.status === 404 || response.status === 405) {
    response.release();
    throw noCatalog(registry);
  }
  if (response.status !== 200) throw await responseFailure(response, registry, clock, signal);
  const { origin } = new URL(response.url);
  const bytes = await readCapped(response.body, {
    ...{ what: "catalog", maximum: MAX_TAGS_BODY_BYTES, origin, clock, stallMs: 60_000, signal },
  }).finally(() => response.release());
  return readNames(bytes);
}

function readNames(bytes: Uint8Array): readonly string[] {
  let body: Json;
  try {
    body = parseJson(bytes);
  } catch {
    throw invalid("is no JSON");
  }
  const isObject = typeof body === "object" && body !== null && !Array.isArray(body);
  const names = isObject ? (body as Readonly<Record<string, Json>>)["repositories"] ?? [] : null;
  if (!Array.isArray(names)) throw invalid("must have a list named repositories");
  const isNames = names.every((name) => typeof name === "string" && isRepositoryName(name));
  if (!isNames) throw invalid("must hold repository names alone");
  return names as readonly string[];
}

function invalid(reason: string): TidegateError<"INVALID_RESPONSE"> {
  return new TidegateError("INVALID_RESPONSE", `The catalog ${reason}`, {
    ...{ what: "catalog", input: "", reason },
  });
}

function noCatalog(registry: string): TidegateError<"UNSUPPORTED"> {
  const what = `repositories of ${registry}`;
  const reason = "it has no catalog; name each repository";
  return new TidegateError("UNSUPPORTED", `Globs for ${what}: ${reason}`, { what, reason });
}
