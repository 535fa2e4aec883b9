/**
 * An OCI registry client: every byte it hands out is verified against the digest that was asked for.
 *
 * In: a reference like `ghcr.io/acme/app:v1`. Out: manifests, blobs, tags, images. Next: your program.
 * @module
 */
export * from "./src/client/mod.ts";
export * from "./src/manifest/mod.ts";
export * from "./src/reference/mod.ts";
export {
  anonymousCredentials,
  basicCredential,
  type Credential,
  type CredentialProvider,
  firstCredentials,
  staticCredentials,
} from "./src/auth/mod.ts";
export {
  type AnyTidegateError,
  type Clock,
  type ErrorCode,
  type ErrorDetails,
  type Fetch,
  type HashAlgorithm,
  type Hasher,
  type HasherFactory,
  isTidegateError,
  isTransient,
  type Json,
  type OriginUse,
  type Random,
  type RegistryDiagnostic,
  type RegistryProfile,
  type ResponseDetails,
  Secret,
  TidegateError,
  type Upstream,
} from "./src/core/mod.ts";
export type { KvPutOptions, KvStore } from "./src/kv/mod.ts";
export type { Observer, TidegateEvent } from "./src/observability/mod.ts";
export {
  type BreakerRecord,
  createTransportState,
  type TransportOptions,
  type TransportState,
} from "./src/transport/mod.ts";
export { PROFILES, resolveUpstream, type UpstreamOverrides } from "./src/upstream/mod.ts";
export { type ByteRange, type ByteSink, discardSink } from "./src/verify/mod.ts";
