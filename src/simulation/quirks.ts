/**
 * Deviations from the spec that real registries have, as switches. All off: the registry is strict.
 * Each names who was seen doing it.
 */
export interface RegistryQuirks {
  /** Status for every HEAD: 405 (some proxies), 403 (Artifactory). */
  readonly headStatus?: number;
  /** No `Docker-Content-Digest` at all (allowed before spec 1.2). */
  readonly noDigestHeader?: boolean;
  /** A `Docker-Content-Digest` that is not the content's. */
  readonly digestHeader?: string;
  /** No `Content-Length`: chunked bodies, and HEAD without a length. */
  readonly noContentLength?: boolean;
  /** Manifests under another `Content-Type` than the one pushed. */
  readonly manifestType?: string;
  /** Absent manifests, tags and referrers answer 303 to this URL (GHCR). */
  readonly notFoundRedirect?: string;
  /** `n` above this is an error, not clamped (ECR: 1000). */
  readonly largestPage?: number;
  /** `Range` is ignored: 200 with the whole blob. */
  readonly ignoreRange?: boolean;
  /** This `Content-Range` on every 206, whatever was sent. */
  readonly contentRange?: string;
  /** The whole size is unknown: `Content-Range: bytes a-b/*`. */
  readonly unknownRangeTotal?: boolean;
  /** Blobs come with `Content-Encoding: gzip`, compressed once more (some CDNs). */
  readonly gzipBlobs?: boolean;
  /** `Link` of the next page is absolute instead of relative. */
  readonly absoluteLink?: boolean;
  /** Tags come in this order instead of ASCII order. */
  readonly unsortedTags?: boolean;
  /** Manifests whose type the request's `Accept` does not name are 404 (distribution). */
  readonly requireAccept?: boolean;
  /** POST with `digest` opens an upload: 202 (distribution, which has no end-4b). */
  readonly ignorePostDigest?: boolean;
  /** Status of a PATCH that went well: 201 (ECR). */
  readonly patchStatus?: number;
  /** `Range` of an upload stays at the first chunk though the data are stored (ECR). */
  readonly stuckRange?: boolean;
  /** `Range` of an upload is the last chunk's alone (Aliyun). */
  readonly chunkRange?: boolean;
  /** A PATCH of more bytes is 416 (GHCR: 4 MiB). */
  readonly largestChunk?: number;
  /** Status of every PATCH of an upload but the first (Google: uploads are one chunk). */
  readonly secondPatch?: number;
  /** Only so many bytes of each PATCH are stored; `Range` says so (the spec allows it). */
  readonly acceptedBytes?: number;
  /** An upload request with more bytes is 413 (Cloudflare: 100 MB; Quay: 20 GB). */
  readonly largestBody?: number;
  /** Status of GET on an upload: 404, 405 (registries before end-13). */
  readonly uploadStatus?: number;
  /** Status of DELETE on an upload: 404, 405 (registries before end-14). */
  readonly uploadDelete?: number;
  /** Every mount becomes an upload: 202 (the spec allows it). */
  readonly refuseMounts?: boolean;
  /** Status of a mount without `from`: 400 (Quay). */
  readonly mountWithoutFrom?: number;
  /** Status of a mount whose `from` is no repository here: 400 (Docker Hub). */
  readonly mountUnknownFrom?: number;
  /** A mount is 201, and the blob is not there afterwards (distribution, digests of SHA-512). */
  readonly emptyMounts?: boolean;
  /** A mount needs a token that covers `from` too: 401 with both scopes (distribution). */
  readonly mountNeedsSource?: boolean;
  /** `tag` parameters are ignored and there is no `OCI-Tag` (registries before end-7b). */
  readonly ignoreTagParameter?: boolean;
  /** Status of DELETE on a manifest by digest: 405 (GHCR). */
  readonly manifestDelete?: number;
  /** Status of DELETE on a tag: 405 (GHCR), 400 (distribution before 3). */
  readonly tagDelete?: number;
  /** Status of DELETE on a blob: 405 (GHCR, and distribution without `delete.enabled`). */
  readonly blobDelete?: number;
}
