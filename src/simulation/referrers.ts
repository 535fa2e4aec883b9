import { decodeUtf8 } from "../core/mod.ts";
import { errorReply } from "./error_body.ts";
import type { BuiltDescriptor } from "./image.ts";
import { invalidName } from "./manifests.ts";
import { OCI_TYPES } from "./media_types.ts";
import { isSupportedDigest } from "./names.ts";
import { jsonReply, withHeaders } from "./reply.ts";
import type { Reply } from "./reply.ts";
import type { Exchange } from "./registry_state.ts";
import type { Repository, StoredManifest } from "./store.ts";
import { pageSize } from "./tags.ts";

/** The fields of a manifest that a referrers list is made of. */
interface ReferrerDocument {
  readonly artifactType?: string;
  readonly config?: { readonly mediaType?: string };
  readonly subject?: { readonly digest?: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

/** end-12: what refers to a digest. An unknown digest or repository has none: 200 and an empty index. */
export function listReferrers(exchange: Exchange): Reply {
  const { state, name, reference, url } = exchange;
  if (state.settings.referrers !== "api") {
    return errorReply("UNSUPPORTED", "No referrers here", { status: state.settings.referrers });
  }
  const invalid = invalidName(name);
  if (invalid) return invalid;
  if (!isSupportedDigest(reference)) {
    return errorReply("DIGEST_INVALID", "The digest is not valid here", { detail: reference });
  }
  const asked = pageSize(exchange);
  if (typeof asked !== "number") return asked;
  const wanted = url.searchParams.get("artifactType");
  const all = referrersOf(state.repositories.get(name), reference)
    .filter(({ artifactType }) => wanted === null || artifactType === wanted);
  return pageReply(exchange, all, asked);
}

function pageReply(exchange: Exchange, all: readonly BuiltDescriptor[], size: number): Reply {
  const { url, state } = exchange;
  // the spec leaves the shape of the next link to the registry
  const from = Number(url.searchParams.get("from") ?? 0);
  const manifests = all.slice(from, from + size);
  const index = { schemaVersion: 2, mediaType: OCI_TYPES.index, manifests };
  const next = new URLSearchParams(url.search);
  next.set("from", String(from + size));
  const base = state.settings.quirks.absoluteLink ? state.address : "";
  return withHeaders(jsonReply(200, index), {
    "content-type": OCI_TYPES.index,
    "oci-filters-applied": url.searchParams.has("artifactType") ? "artifactType" : undefined,
    link: size > 0 && from + size < all.length
      ? `<${base}${url.pathname}?${next}>; rel="next"`
      : undefined,
  });
}

/** Descriptors of the manifests whose `subject` is that digest (distribution-spec, "Listing Referrers"). */
export function referrersOf(
  repository: Repository | undefined,
  digest: string,
): readonly BuiltDescriptor[] {
  return [...repository?.manifests.values() ?? []].flatMap((manifest) => {
    const document = readDocument(manifest);
    return document?.subject?.digest === digest ? [descriptorOf(manifest, document)] : [];
  });
}

function readDocument({ bytes }: StoredManifest): ReferrerDocument | undefined {
  try {
    return JSON.parse(decodeUtf8(bytes)) as ReferrerDocument;
  } catch {
    return undefined; // a registry may hold documents that are no JSON; they refer to nothing
  }
}

function descriptorOf(
  { mediaType, digest, bytes }: StoredManifest,
  { artifactType, config, annotations }: ReferrerDocument,
): BuiltDescriptor {
  const type = artifactType ?? config?.mediaType;
  return {
    mediaType,
    digest,
    size: bytes.length,
    ...(type !== undefined && { artifactType: type }),
    ...(annotations && { annotations }),
  };
}

/** The tag under which clients keep referrers where the API is missing (distribution-spec, "Referrers Tag Schema"). */
export function referrersTag(digest: string): string {
  const [algorithm = "", encoded = ""] = digest.split(":");
  return `${algorithm.slice(0, 32)}-${encoded.slice(0, 64)}`.replace(/[^A-Za-z0-9._-]/g, "-");
}
