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
}
