import {
  isTidegateError,
  type RegistryRequest,
  TidegateError,
  type Upstream,
} from "../core/mod.ts";
import type { AskedRange } from "../distribution/mod.ts";
import type { Descriptor } from "../manifest/mod.ts";
import { askOrigin, createTransport } from "../transport/mod.ts";
import { GENERIC_PROFILE } from "../upstream/mod.ts";
import type { RepositoryConnection } from "./connection.ts";
import type { ClientContext } from "./context.ts";
import { type OpenBlob, type OpenBlobOptions, openResumable } from "./open_blob.ts";

const MAX_URLS = 4; // each is a host that somebody else chose for us to call

/**
 * Open a layer that lives outside of the registry, at the first of its URLs that has it. Each goes
 * through the origin policy, and none ever gets a credential: the transport used knows none.
 *
 * @throws {TidegateError} FOREIGN_LAYER when no URL is left, with the last failure as its cause.
 */
export async function openForeignLayer(
  context: ClientContext,
  { upstream, target }: RepositoryConnection,
  { digest, urls = [] }: Descriptor,
  image: string,
  options: OpenBlobOptions,
): Promise<OpenBlob> {
  const policy = { upstream, observer: context.settings.observer };
  let cause: unknown;
  for (const named of urls.slice(0, MAX_URLS)) {
    try {
      const { url } = askOrigin(policy, "foreign-layer", `${target.origin}/v2/`, named);
      return await openAt(context, upstream, url, { digest, image }, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!isTidegateError(error)) throw error;
      cause = error;
    }
  }
  const reason = cause === undefined ? "it names no URL" : "none of its URLs has it";
  throw new TidegateError("FOREIGN_LAYER", `Layer ${digest} cannot be fetched: ${reason}`, {
    digest,
    reason,
  }, { cause });
}

function openAt(
  { settings }: ClientContext,
  { blobOrigins }: Upstream,
  url: string,
  { digest, image }: { readonly digest: Descriptor["digest"]; readonly image: string },
  options: OpenBlobOptions,
): Promise<OpenBlob> {
  const { clock, fetch, observer, random, transport } = settings;
  const stranger: Upstream = {
    name: "foreign layer",
    origin: new URL(url).origin,
    profile: GENERIC_PROFILE,
    tokenOrigins: [],
    blobOrigins,
    uploadOrigins: [],
    insecure: false,
  };
  const send = createTransport({
    upstream: stranger,
    clock,
    fetch,
    observer,
    random,
    ...transport,
  });
  const request = (
    range: AskedRange | undefined,
    signal: AbortSignal | undefined,
  ): RegistryRequest => ({
    method: "GET",
    url,
    headers: range === undefined ? {} : { range: `bytes=${range.start}-${range.end ?? ""}` },
    kind: "blob",
    scopes: [],
    ...(signal && { signal }),
  });
  return openResumable({ send, image, digest, request }, options);
}
